package tableio

import (
	"fmt"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

// TestFormats loads what programs write, and holds what columns are taken for
// and that the file comes back.
func TestFormats(t *testing.T) {
	for _, c := range []struct {
		name, text string
		columns    string // of interest: name kind format, by semicolons
		rows       int
		notes      string
		back       string // "" for the text itself
	}{
		{
			"rwcut", "            sIP|            dIP|sPort|dPort|pro|   packets|                  sTime|sen|\n" +
				"       10.1.2.3|  192.168.40.20|   80|51234|  6|        12|2009/02/12T00:00:00.390|S0 |\n" +
				"  192.168.40.20|       10.1.2.3|51234|   80|  6|         9|2009/02/12T00:00:01.120|S1 |\n",
			"sIP address width=15; sPort port width=5; pro protocol width=3; packets integer width=10; sTime timestamp time:2006/01/02T15:04:05.000; sen text width=-3", 2, "", "",
		},
		{
			"nfdump -o csv", "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt\n" +
				"2016-07-27 13:43:00,2016-07-27 13:43:01,0.960,10.0.0.1,10.0.0.2,443,50000,TCP,...AP...,3,180\n" +
				"2016-07-27 13:43:02,2016-07-27 13:43:02,0.000,10.0.0.2,10.0.0.3,53,50001,UDP,........,1,60\n" +
				"Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n2,240,4,1000,4,60\n",
			"ts timestamp time:2006-01-02 15:04:05; sa address; sp port; pr protocol; ipkt integer", 2, "3 lines of the summary at the end are left out", "-",
		},
		{
			"UGR'16", "2016-07-27 13:43:21,48.380,187.96.221.207,42.219.153.89,53,53,UDP,.A....,0,0,2,209,background\n" +
				"2016-07-27 13:43:21,0.000,42.219.153.7,143.72.8.137,54003,53,UDP,.A....,0,0,1,72,background\n",
			"te timestamp time:2006-01-02 15:04:05; sa address; dp port; pr protocol; byt integer; label text", 2, "", "",
		},
		{
			"UNSW-NB15", "59.166.0.0,1390,149.171.126.6,53,udp,CON,0.001055,132,164,31,29,0,0,dns,500473.9375,621800.9375,2,2,0,0,0,0,66,82,0,0,0,0,1421927414,1421927414,0.017,0.013,0,0,0,0,0,0,0,0,3,7,1,3,1,1,1,,0\n" +
				"59.166.0.0,33661,149.171.126.9,1024,udp,CON,0.036133,528,304,31,29,0,0,-,87676.08594,50480.17188,4,4,0,0,0,0,132,76,0,0,9.89101,10.682733,1421927414,1421927414,7.005,7.564375,0,0,0,0,0,0,0,0,2,4,2,3,1,1,2,,0\n",
			"srcip address; dsport port; proto protocol; Stime timestamp; service text; attack_cat text", 2, "", "",
		},
		{
			"NSL-KDD", "0,tcp,ftp_data,SF,491" + strings.Repeat(",0", 36) + ",normal,20\n0,udp,other,SF,146" + strings.Repeat(",0", 36) + ",normal,15\n",
			"protocol_type protocol; service text; label text; difficulty integer", 2, "", "",
		},
		{
			"CICFlowMeter", "Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration, Fwd Header Length, Fwd Header Length\n" +
				"a-b,192.168.10.5,54865,104.16.207.165,443,6,7/7/2017 3:30,3,20,20\nb-c,192.168.10.5,55054,104.16.28.216,80,6,17/7/2017 13:30,109,20,20\n",
			" Source IP address;  Source Port port;  Protocol protocol;  Timestamp timestamp time:2/1/2006 {h}:04", 2, "", "",
		},
		{
			"header again", "a,b\n1,x\na,b\n2,y\n", "a integer", 2, "1 repetition of the header is left out", "a,b\n1,x\n2,y\n",
		},
		{"multi-space", "host        port   state\n10.0.0.1    80     up\n10.0.0.22   8080   down\n", "host address; port port; state text", 2, "", "host port state\n10.0.0.1 80 up\n10.0.0.22 8080 down\n"},
		{"comma and blank", "host, port, n\n10.0.0.1, 80, 5\n10.0.0.2, 443, 17\n", "host address; port port lead=1; n integer lead=1", 2, "", ""},
		{
			"access log", "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326\n10.0.0.2 - - [10/Oct/2000:13:55:37 -0700] \"GET /b HTTP/1.0\" 404 99\n",
			"column0 address; column3 timestamp time:[02/Jan/2006:15:04:05; column6 integer", 2, "", "",
		},
		{"without header", "1458298072,10.0.0.1,10.0.0.2,40000,5353,7\n1458298073,10.0.0.1,10.0.0.2,40001,443,9\n", "column0 timestamp; column1 address; column3 port; column4 port; column5 integer", 2, "", "1458298072,10.0.0.1,10.0.0.2,40000,5353,7\n1458298073,10.0.0.1,10.0.0.2,40001,443,9\n"},
		{"Windows-1252", "a,b\n1,\x93quoted\x94 \x80 5\n2,Jos\xe9\n", "b text", 2, "", ""},
		{"a blank name", "a,,c\n1,2,3\n4,5,6\n", "column1 integer", 2, `the header has no name for column 2: it is called "column1"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := loadText(t, "x.csv", c.text)
			if err != nil {
				t.Fatal(err)
			}
			if len(l.rows) != c.rows || len(l.rejects) > 0 || strings.Join(l.notes, "; ") != c.notes {
				t.Errorf("%d rows, %v, notes %q", len(l.rows), l.rejects, l.notes)
			}
			for _, want := range strings.Split(c.columns, "; ") {
				found := false
				for _, col := range l.schema.Columns {
					if strings.HasPrefix(strings.TrimRight(want, " "), col.Name+" ") {
						found = true
						if got := strings.TrimRight(fmt.Sprint(col.Name, " ", col.Kind, " ", col.Format), " "); !strings.HasPrefix(got, want) {
							t.Errorf("%s, want %s", got, want)
						}
					}
				}
				if !found {
					t.Errorf("no column for %q in %q", want, l.schema.Names())
				}
			}
			if c.back == "" {
				c.back = c.text
			}
			if out := string(written(t, l)); out != c.back && c.back != "-" {
				t.Errorf("written\n%s\nwant\n%s", out, c.back)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct{ layout, first, second string }{
		{"2006-01-02 15:04:05,000", "\"2015-10-18 18:01:47,978\"", "\"2015-10-18 18:01:48,000\""},
		{"02/Jan/2006:15:04:05 -0700;zone=-07:00", "10/Oct/2000:13:55:36 -0700", "10/Oct/2000:13:55:37 -0700"},
		{"02/01/2006 03:04:05 PM", "05/07/2017 08:42:00 AM", "15/07/2017 12:42:00 PM"},
		{"2006/01/02 15:04:05.000000", "2011/08/10 09:46:53.047277", "2011/08/10 09:46:54.000000"},
		{"2006-01-02T15:04:05.000Z07:00;zone=+02:00", "2020-07-01T10:00:00.250+02:00", "2020-07-01T10:00:01.500+02:00"},
		{"2006-01-02 15:04:05-07", "2020-07-01 10:00:00+00", "2020-07-01 10:00:01+00"},
		{"1/2/2006 {h}:04:05", "7/13/2017 3:30:00", "7/14/2017 13:30:01"},
		{"2006-01-02 15:04:05.000000000", "2020-01-01 00:00:00.123456789", "2020-01-01 00:00:01.000000001"},
	} {
		col, first, rejects := column(t, "when", c.first, c.second)
		if col.Kind != trace.KindTimestamp || col.Type != trace.TypeTime || strings.TrimSuffix(col.Format, ";quoted") != "time:"+c.layout || first == nil || len(rejects) > 0 {
			t.Errorf("%s: %+v %v", c.first, col, rejects)
		}
	}
	l, err := loadText(t, "x.csv", "a;when\n1;Oct 10, 2011 09:46:53.047277000\n2;Oct 9, 2011 09:46:54.000000001\n")
	if err != nil || l.schema.Columns[1].Format != "time:Jan 2, 2006 15:04:05.000000000" {
		t.Error(err, l.schema.Columns)
	}
}

func TestFormulas(t *testing.T) {
	const text = "n,a,b\n-1,=SUM(A1),x\n2,-,y\n3,+49 30,--\n"
	l, err := loadText(t, "x.csv", text)
	if err != nil {
		t.Fatal(err)
	}
	if out := string(written(t, l)); out != text {
		t.Errorf("what was in the input is written %q", out)
	}
	l.schema.Props["guard"] = "true"
	l.rows = append(l.rows, trace.Row{int64(-7), "=B2", "=cmd|x"}, trace.Row{int64(8), "@a", "-x"}, trace.Row{int64(9), "", "-5"})
	want := text + "-7,=B2,'=cmd|x\n8,@a,'-x\n9,,-5\n"
	if out := string(written(t, l)); out != want {
		t.Errorf("what a model made is written\n%s, want\n%s", out, want)
	}
}

// TestBlocks holds that a file that is surveyed and handed on in blocks gives
// the same as one that is read from start to end.
func TestBlocks(t *testing.T) {
	var sb strings.Builder
	sb.WriteString("id,text,port,v\n")
	bad := 0
	for i := range 60_000 {
		switch {
		case i%7001 == 7000:
			sb.WriteString("short,line\n")
			bad++
		case i%9001 == 9000:
			fmt.Fprintf(&sb, "%d,\"x\",99999,0.5\n", i)
			bad++
		default:
			fmt.Fprintf(&sb, "%d,\"line %d\nand \"\"more\"\",\",%d,%d.25\n", i, i, i%60000, i)
		}
	}
	text := sb.String()
	l, err := loadText(t, "x.csv", text)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := loadText(t, "x.csv", text+"1,a\"b,80,0.25\n") // so that it is read from start to end
	if err != nil {
		t.Fatal(err)
	}
	if len(l.rejects) != bad || len(l.rows)+bad != 60_000 || len(odd.rows) != len(l.rows)+1 {
		t.Fatalf("%d rows, %d rejects, %d rows", len(l.rows), len(l.rejects), len(odd.rows))
	}
	for i, j := range l.rejects {
		k := odd.rejects[i]
		if j.Line != k.Line || j.Offset != k.Offset || j.Reason != k.Reason || j.Detail != k.Detail {
			t.Errorf("%+v, want %+v", j, k)
		}
		if line := strings.Count(text[:j.Offset], "\n") + 1; int64(line) != j.Line {
			t.Errorf("%v is at line %d", j, line)
		}
	}
	for i := range l.rows {
		if fmt.Sprint(l.rows[i]) != fmt.Sprint(odd.rows[i]) {
			t.Fatalf("record %d: %v, want %v", i, l.rows[i], odd.rows[i])
		}
	}
}

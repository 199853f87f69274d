package zeekio

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"netshare/workspace/trace"
)

const connHeader = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n" +
	"#open\t2023-11-14-22-13-20\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration" +
	"\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts" +
	"\tresp_ip_bytes\ttunnel_parents\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring" +
	"\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n"

// connLog makes a conn.log of rows records, of made-up addresses.
func connLog(rows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString(connHeader)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	us := int64(1_700_000_000_000_000)
	for range rows {
		us += r.Int64N(40_000)
		uid := []byte("C")
		for range 17 {
			uid = append(uid, letters[r.IntN(len(letters))])
		}
		service := []string{"udp\tdns", "tcp\tssl", "tcp\thttp", "tcp\t-"}[r.IntN(4)]
		sizes := fmt.Sprintf("%.6f\t%d\t%d", r.ExpFloat64(), r.IntN(5000), r.IntN(500000))
		if r.IntN(7) == 0 {
			sizes = "-\t-\t-"
		}
		sent, got := r.IntN(40), r.IntN(60)
		fmt.Fprintf(&b, "%d.%06d\t%s\t10.%d.%d.%d\t%d\t%d.%d.%d.%d\t%d\t%s\t%s\t%s\t-\t-\t0\t%s\t%d\t%d\t%d\t%d\t%s\n",
			us/1e6, us%1e6, uid, r.IntN(4), r.IntN(20), r.IntN(256), 1024+r.IntN(64000),
			1+r.IntN(223), r.IntN(256), r.IntN(256), r.IntN(256), []int{53, 443, 80, 22, r.IntN(65536)}[r.IntN(5)], service, sizes,
			[]string{"SF", "S0", "REJ", "RSTO"}[r.IntN(4)], []string{"Dd", "ShADadFf", "S"}[r.IntN(3)],
			sent, sent*60, got, got*60, []string{"-", "(empty)"}[r.IntN(2)])
	}
	return b.Bytes()
}

func benchmarkRead(b *testing.B, text []byte) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r, err := NewReader("conn.log", bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Read(b.Context(), func(trace.Row) error { n++; return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkTSV(b *testing.B) { benchmarkRead(b, connLog(100_000)) }

// asJSON is a log as JSON.
func asJSON(t testing.TB, text []byte) []byte {
	l := fromText(t, string(text))
	l.schema.Format = formatJSON
	return written(t, l)
}

func BenchmarkJSON(b *testing.B) { benchmarkRead(b, asJSON(b, connLog(100_000))) }

// BenchmarkSurvey is the first of the two times that a JSON log is read.
func BenchmarkSurvey(b *testing.B) {
	text := asJSON(b, connLog(100_000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := newSurvey().all(b.Context(), &splitter{r: bytes.NewReader(text)}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkWrite(b *testing.B, format string) {
	l := fromText(b, string(connLog(20_000)))
	l.schema.Format = format
	b.SetBytes(int64(len(written(b, l))))
	for b.Loop() {
		written(b, l)
	}
	b.ReportMetric(float64(len(l.rows))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkWriteTSV(b *testing.B)  { benchmarkWrite(b, formatTSV) }
func BenchmarkWriteJSON(b *testing.B) { benchmarkWrite(b, formatJSON) }

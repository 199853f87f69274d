package workspace_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netshare/workspace"
)

// connLog writes a Zeek conn.log of made-up connections, as TSV and as JSON.
func connLog(b *testing.B, dir string, rows int) (tsv, json string) {
	b.Helper()
	tsv, json = filepath.Join(dir, "conn.log"), filepath.Join(dir, "conn.json")
	var out [2]*bufio.Writer
	for i, path := range []string{tsv, json} {
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		out[i] = bufio.NewWriterSize(f, 1<<20)
		defer out[i].Flush()
	}
	fmt.Fprint(out[0], "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2023-11-14-22-13-20\n",
		"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state",
		"\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n",
		"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n")
	r := rand.New(rand.NewPCG(1, 2))
	us := int64(1_700_000_000_000_000)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for range rows {
		us += r.Int64N(40_000)
		uid := []byte("C")
		for range 17 {
			uid = append(uid, letters[r.IntN(len(letters))])
		}
		from, to := fmt.Sprintf("10.%d.%d.%d", r.IntN(4), r.IntN(20), r.IntN(256)), fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(223), r.IntN(256), r.IntN(256), r.IntN(256))
		sport, dport := 1024+r.IntN(64000), []int{53, 443, 80, 22, r.IntN(65536)}[r.IntN(5)]
		kind := r.IntN(3)
		proto, service := []string{"udp", "tcp", "tcp"}[kind], []string{"dns", "ssl", "http"}[kind]
		state, history := []string{"SF", "S0", "REJ", "RSTO"}[r.IntN(4)], []string{"Dd", "ShADadFf", "S"}[r.IntN(3)]
		duration, asked, answered := fmt.Sprintf("%.6f", r.ExpFloat64()), r.IntN(5000), r.IntN(500000)
		sent, got := r.IntN(40), r.IntN(60)
		sizes := fmt.Sprint(duration, "\t", asked, "\t", answered)
		jsonSizes := fmt.Sprintf(`"duration":%s,"orig_bytes":%d,"resp_bytes":%d,`, duration, asked, answered)
		if r.IntN(7) == 0 {
			sizes, jsonSizes = "-\t-\t-", ""
		}
		fmt.Fprintf(out[0], "%d.%06d\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t-\t-\t0\t%s\t%d\t%d\t%d\t%d\t(empty)\n", us/1e6, us%1e6, uid,
			from, sport, to, dport, proto, service, sizes, state, history, sent, sent*60, got, got*60)
		fmt.Fprintf(out[1], `{"ts":%d.%06d,"uid":"%s","id.orig_h":"%s","id.orig_p":%d,"id.resp_h":"%s","id.resp_p":%d,"proto":"%s","service":"%s",%s"conn_state":"%s","missed_bytes":0,"history":"%s","orig_pkts":%d,"orig_ip_bytes":%d,"resp_pkts":%d,"resp_ip_bytes":%d,"tunnel_parents":[]}`+"\n",
			us/1e6, us%1e6, uid, from, sport, to, dport, proto, service, jsonSizes, state, history, sent, sent*60, got, got*60)
	}
	return tsv, json
}

// benchmarkAgainst loads a Zeek log and lets DuckDB read the same file, one
// after the other, each into a workspace of its own.
func benchmarkAgainst(b *testing.B, log, table string, rows int) {
	ctx, dir := context.Background(), b.TempDir()
	var ours, duckdb time.Duration
	for n := 0; b.Loop(); n++ {
		for i, took := range []*time.Duration{&ours, &duckdb} {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d.duckdb", n, i))
			start := time.Now()
			ws := open(b, path)
			var err error
			if i == 0 {
				_, err = ws.Load(ctx, workspace.Load{Files: []string{log}})
			} else {
				_, err = ws.Query(ctx, "CREATE TABLE main.t AS FROM "+fmt.Sprintf(table, log))
			}
			if err != nil {
				b.Fatal(err)
			}
			if err := ws.Close(); err != nil {
				b.Fatal(err)
			}
			*took += time.Since(start)
			os.Remove(path)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/ours.Seconds(), "rows/s")
	b.ReportMetric(ours.Seconds()/duckdb.Seconds(), "of-duckdb")
}

const benchRows = 500_000

// BenchmarkLoadZeekTSV compares with read_csv, which is told what it can't find
// out by itself.
func BenchmarkLoadZeekTSV(b *testing.B) {
	tsv, _ := connLog(b, b.TempDir(), benchRows)
	benchmarkAgainst(b, tsv, `read_csv('%s', delim='\t', comment='#', header=false, nullstr='-')`, benchRows)
}

func BenchmarkLoadZeekJSON(b *testing.B) {
	_, json := connLog(b, b.TempDir(), benchRows)
	benchmarkAgainst(b, json, `read_json('%s')`, benchRows)
}

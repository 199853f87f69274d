package workspace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/rule"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// BenchmarkRulesOfUnseen finds rules in one half of the sessions of each real
// trace and prints how many of the other half's records obey all of them, of
// five splits, and which rules they break most. A -bench of RulesOfUnseen/TRACE
// takes one trace; run it with -benchtime 1x.
func BenchmarkRulesOfUnseen(b *testing.B) {
	data := os.Getenv("NETSHARE_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "shared", "data")
	}
	for _, name := range []string{
		"flow-ugr16-small/raw.csv",
		"pcap-caida-backbone/raw.pcap",
		"pcap-modbus-ics/modbus_test_2.pcap",
		"zeek-modbus-json/original.log",
		"flow-ctu-binetflow/test2-malicious.binetflow",
		"events-lanl-cyber/auth.csv",
		"zeek-wrccdc-tsv-json/tsv/dns.log",
		"zeek-zat-tsv-json/conn.log",
		"events-process-mining/receipt.csv",
	} {
		b.Run(strings.ReplaceAll(name, "/", "_"), func(b *testing.B) {
			path := filepath.Join(data, filepath.FromSlash(name))
			if _, err := os.Stat(path); err != nil {
				b.Skipf("no real trace at %s: set NETSHARE_DATA", path)
			}
			for b.Loop() {
				obeysUnseen(b, name, path)
			}
		})
	}
}

func obeysUnseen(b *testing.B, name, path string) {
	ctx := context.Background()
	ws, err := Open(ctx, filepath.Join(b.TempDir(), "lab.duckdb"), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer ws.Close()
	if _, err := ws.Load(ctx, Load{Table: "t", Files: []string{path}}); err != nil {
		b.Fatal(err)
	}
	t, err := ws.table(ctx, "t", store.Raw)
	if err != nil {
		b.Fatal(err)
	}
	job, err := ws.newTraining(ctx, t, engine.DefaultOptions(), engine.Hooks{})
	if err != nil {
		b.Fatal(err)
	}
	plain := &job.source.learning.plain
	fields := slices.Concat(plain.Metadata, plain.Series)
	if plain.HasTime() {
		fields = append(fields, plain.Time)
	}
	var columns []rule.Column
	for i, f := range fields {
		columns = append(columns, rule.Column{
			Name: f.Name, Kind: f.Kind, Session: i < len(plain.Metadata), Key: slices.Contains(plain.KeyNames(), f.Name), Bounded: f.Bounded,
			List: f.Encoding == trace.EncodeAttributes || f.Encoding == trace.EncodeValues || strings.HasSuffix(string(job.source.learning.types[f.Name]), "[]"),
		})
	}
	const splits = 5
	worst, mean, found, breaks := 1., 0., 0, map[string]int{}
	for split := range splits {
		halves := [2]rule.Records{{Columns: columns}, {Columns: columns}}
		sessions := [2]int32{}
		r := rand.New(rand.NewPCG(uint64(split), 1))
		for s, err := range job.source.Sessions(ctx) {
			if err != nil {
				b.Fatal(err)
			}
			half := r.IntN(2)
			for _, rec := range s.Series {
				row := append(slices.Clone(s.Meta), rec[1:]...)
				in := &halves[half]
				in.Rows = append(in.Rows, append(row, rec[0])[:len(fields)])
				in.Session = append(in.Session, sessions[half])
			}
			sessions[half]++
		}
		rules := rule.Find(halves[0])
		found += len(rules)
		bad := 0
		for k, row := range halves[1].Rows {
			any := false
			for i := range rules {
				r := &rules[i]
				broken := !r.Holds(row)
				if r.Kind == trace.RuleRising && k > 0 && halves[1].Session[k] == halves[1].Session[k-1] {
					x, ok := rule.Number(halves[1].Rows[k-1][r.Columns[0]])
					y, also := rule.Number(row[r.Columns[0]])
					broken = ok && also && y < x
				}
				if broken {
					breaks[fmt.Sprint(r.Kind, " ", r.Text)]++
					any = true
				}
			}
			if any {
				bad++
			}
		}
		obey := 1 - float64(bad)/float64(max(1, len(halves[1].Rows)))
		worst, mean = min(worst, obey), mean+obey/splits
	}
	fmt.Printf("%s\t%.3f %% obey (worst split %.3f %%), %d rules\n", name, 100*mean, 100*worst, found/splits)
	var texts []string
	for text := range breaks {
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(x, y string) int { return breaks[y] - breaks[x] })
	for _, text := range texts[:min(len(texts), 6)] {
		b.Logf("broken by %d records: %s", breaks[text], text)
	}
}

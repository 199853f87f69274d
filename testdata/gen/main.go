// Command gen writes the sample traces that netshare's tests and manual use.
//
// It lives one made-up day of a small firm (world.go), simulates its traffic
// packet by packet (day.go, tcp.go), and renders what different instruments
// would have noted of it: a capture, Zeek's logs, a NetFlow exporter's records
// and an authentication log. All addresses are private or reserved for
// documentation, all names end in a reserved domain, and nothing was copied
// from a real trace. The same seed writes the same bytes.
//
// Usage, from the module's root:
//
//	go run ./testdata/gen [-o DIR] [-seed N]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// defaultSeed is the seed of the samples that are kept with the project.
const defaultSeed = 3

func main() {
	dir := flag.String("o", "testdata", "the folder to write the samples to")
	seed := flag.Uint64("seed", defaultSeed, "of all random choices")
	flag.Parse()
	if err := writeSamples(*dir, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func writeSamples(dir string, seed uint64) error {
	for _, s := range samples(seed) {
		path := filepath.Join(dir, filepath.FromSlash(s.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, s.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sample is one file to write.
type sample struct {
	name string
	data []byte
}

// samples lives the day and renders it into all files.
func samples(seed uint64) []sample {
	w := newWorld(seed)
	day := liveDay(w)

	var plant, office, named []*conn
	for _, c := range day {
		if c.service == "modbus" {
			plant = append(plant, c)
		} else {
			office = append(office, c)
		}
		if c.dns != nil || c.serial%7 == 0 { // for a table that is about names
			named = append(named, c)
		}
	}
	files := []sample{
		{"web.pcap", pcapFile(packetsOf(office, w.at(9, 41, 0), w.at(10, 1, 0)))},
		{"modbus.pcap", pcapFile(packetsOf(plant, w.at(14, 0, 0), w.at(14, 1, 15)))},
		{"conn.log", connLog(w, day)},
		{"dns.log", dnsLog(w, day)},
		{"modbus.log", modbusLog(plant)},
		{"netflow.csv", netflowCSV(w, office)},
		{"auth.csv", authCSV(w)},
		{"syslog.pcap", pcapFile(packetsOf(syslogConns(w, w.at(15, 0, 0), w.at(15, 48, 0)), w.at(15, 0, 0), w.at(15, 48, 0)))},
	}
	c := newCluster(w.apart(seed, 11).rng)
	files = append(files,
		sample{"access.log", accessLog(w.apart(seed, 12))},
		sample{"alibaba/call-graph.csv", c.callGraph()},
		sample{"alibaba/metrics.csv", c.metrics()},
		sample{"alibaba/node.csv", c.node()},
		sample{"alibaba/resource.csv", c.resource()},
		sample{"journeys.csv", journeysCSV(w.apart(seed, 13))},
		sample{"packets.csv", listsCSV(packetsOf(named, w.at(9, 30, 0), w.at(10, 30, 0)), 900)},
	)
	files = append(files, lanlTables(w.apart(seed, 14), office)...)
	slices.SortFunc(files, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return files
}

// seconds renders microseconds as Zeek renders times and intervals.
func seconds(us int64) string {
	return fmt.Sprintf("%d.%06d", us/1e6, us%1e6)
}

// zeekHeader writes the lines that open a Zeek log in TSV.
func zeekHeader(b *bytes.Buffer, path string, opened time.Time, fields [][2]string) {
	var names, types []string
	for _, f := range fields {
		names, types = append(names, f[0]), append(types, f[1])
	}
	fmt.Fprintf(b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t%s\n", path)
	fmt.Fprintf(b, "#open\t%s\n", opened.Format("2006-01-02-15-04-05"))
	fmt.Fprintf(b, "#fields\t%s\n#types\t%s\n", strings.Join(names, "\t"), strings.Join(types, "\t"))
}

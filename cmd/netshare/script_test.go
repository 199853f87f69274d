package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"netshare": main})
}

// TestScripts runs the commands as users do. Scripts whose name ends in _slow
// train on the sample traces; -short leaves them out.
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var scripts []string
	for _, s := range all {
		if !testing.Short() || !strings.HasSuffix(s, "_slow.txtar") {
			scripts = append(scripts, s)
		}
	}
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SAMPLES", samples)
			e.Setenv("EXAMPLES", filepath.Join(filepath.Dir(samples), "examples"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails":   fails,
			"lines":   lines,
			"flows":   flows,
			"packets": packets,
			"tunnel":  tunnel,
		},
	})
}

// fails CODE PATTERN ARG... runs netshare, which must exit with the code and
// say why in one line, the last of standard error, that the pattern matches.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fails CODE PATTERN ARG...")
	}
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("netshare", args[2:]...)
	var exit *exec.ExitError
	if got := 0; !errors.As(err, &exit) || exit.ExitCode() != code {
		if exit != nil {
			got = exit.ExitCode()
		}
		ts.Fatalf("exit code %d, want %d (%v)", got, code, err)
	}
	said := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
	last := said[len(said)-1]
	if !strings.HasPrefix(last, "netshare: ") {
		ts.Fatalf("the last line of standard error is %q, want one that begins with netshare:", last)
	}
	if !regexp.MustCompile(args[1]).MatchString(last) {
		ts.Fatalf("%q does not match %q", last, args[1])
	}
}

// lines FILE COUNT checks how many lines a file has, give or take a tenth
// where the count is followed by ~.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE COUNT[~]")
	}
	want, err := strconv.Atoi(strings.TrimSuffix(args[1], "~"))
	ts.Check(err)
	slack := 0
	if strings.HasSuffix(args[1], "~") {
		slack = want / 10
	}
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); got < want-slack || got > want+slack {
		ts.Fatalf("%s has %d lines, want %s", args[0], got, args[1])
	}
}

// flows FILE N writes N flow records as CSV.
func flows(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(flowsCSV(n)), 0o666))
}

// flowsCSV makes n flow records: several of each of some five-tuples.
func flowsCSV(n int) string {
	var b strings.Builder
	b.WriteString("ts,srcip,dstip,srcport,dstport,proto,pkts,bytes\n")
	for i := range n {
		k := i * 7919 % 101 // a cheap shuffle
		s := k % 37
		fmt.Fprintf(&b, "%d.%06d,10.0.0.%d,192.0.2.%d,%d,%d,%s,%d,%d\n", 1700000000+3*i, k*9901%1000000, 1+s%9, 1+s%4,
			40000+s, []int{53, 80, 443}[s%3], []string{"UDP", "TCP", "TCP"}[s%3], 1+k%12, (1+k%12)*(60+k))
	}
	return b.String()
}

// packets FILE N writes a capture of N UDP packets.
func packets(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), capture(n), 0o666))
}

// tunnel FILE N writes a capture of N UDP packets in IP in IP, an ARP frame and
// one that is cut short.
func tunnel(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	plain := capture(n)
	out := append(plain[:20:20], 1, 0, 0, 0) // on Ethernet
	frame := func(body []byte) {
		head := slices.Clone(plain[24:40])
		head[8], head[12] = byte(len(body)), byte(len(body))
		out = append(append(out, head...), body...)
	}
	ethernet := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}
	outer := []byte{0x45, 0, 0, 52, 0, 1, 0, 0, 64, 4, 0, 0, 198, 51, 100, 1, 198, 51, 100, 2}
	for p := plain[24:]; len(p) > 0; p = p[48:] {
		frame(slices.Concat(ethernet, outer, p[16:48]))
	}
	frame(slices.Concat(ethernet[:12], []byte{8, 6}, make([]byte, 28)))
	frame(slices.Concat(ethernet, outer[:12]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o666))
}

// capture makes a pcap file of n UDP packets, raw IPv4.
func capture(n int) []byte {
	le := func(v ...uint32) (b []byte) {
		for _, x := range v {
			b = append(b, byte(x), byte(x>>8), byte(x>>16), byte(x>>24))
		}
		return b
	}
	out := le(0xa1b2c3d4, 4<<16|2, 0, 0, 65535, 101)
	for i := range n {
		out = append(out, le(1700000000, uint32(i), 32, 32)...)
		out = append(out, 0x45, 0, 0, 32, 0, byte(i), 0, 0, 64, 17, 0, 0, 10, 0, 0, byte(1+i%5), 192, 0, 2, 1)
		out = append(out, 0x9c, byte(0x40+i%7), 0, 53, 0, 12, 0, 0, 'p', 'i', 'n', 'g')
	}
	return out
}

package engine_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"netshare/engine"
	"netshare/workspace/trace"
)

// services makes sessions of three services: 60 % web, 38 % DNS, and 2 % NTP,
// which only the hosts 10.0.9.x use, with records of 76 bytes.
func services(n int) list {
	l := flows(n)
	for i := range l {
		s := &l[i]
		switch {
		case i%50 == 7:
			s.Meta = trace.Row{fmt.Sprintf("10.0.9.%d", i%4+1), "192.0.2.9", int64(123), "UDP"}
			s.Series = s.Series[:1]
			s.Series[0] = trace.Row{s.Series[0][0], int64(76), "A"}
		}
	}
	return l
}

// TestGivenValuesHoldAndBringTheirOwn: sessions of which a value is given all
// have it, a rare one too, and what goes with it in the real trace.
func TestGivenValuesHoldAndBringTheirOwn(t *testing.T) {
	m := train(t, services(1500), options(12))
	o := engine.DefaultGenerateOptions()
	o.Sessions = 200
	with := func(given ...string) list {
		t.Helper()
		o.Given = given
		out := generate(t, m, o)
		if len(out) != o.Sessions {
			t.Fatalf("%v: made %d sessions, want %d", given, len(out), o.Sessions)
		}
		return out
	}
	for _, s := range with("dport=53") {
		if s.Meta[2] != int64(53) || s.Meta[3] != "UDP" || len(s.Series) != 1 {
			t.Fatalf("given DNS: %v of %d records", s.Meta, len(s.Series))
		}
	}
	var bytes []int64
	for _, s := range with("dport=123") { // two sessions of a hundred
		if s.Meta[2] != int64(123) || s.Meta[3] != "UDP" || s.Meta[1] != "192.0.2.9" {
			t.Fatalf("given NTP: %v", s.Meta)
		}
		bytes = append(bytes, s.Series[0][1].(int64))
	}
	slices.Sort(bytes)
	if median := bytes[len(bytes)/2]; median < 40 || median > 150 { // 76, as the tables of bins tell; of all records 770
		t.Errorf("NTP has a median of %d bytes, want about 76", median)
	}
	records := 0
	for _, s := range with("proto=tcp & dport=1..1000", "src=10.0.0.0/20") {
		if s.Meta[3] != "TCP" || s.Meta[2] != int64(443) {
			t.Fatalf("given TCP: %v", s.Meta)
		}
		records += len(s.Series)
	}
	if mean := float64(records) / 200; math.Abs(mean-11) > 2 {
		t.Errorf("web has %.1f records a session, want about 11", mean)
	}
	o.Raw = true
	for _, s := range with("dport=53,123") {
		if p := s.Meta[2]; p != int64(53) && p != int64(123) {
			t.Fatalf("given two ports, uncalibrated: %v", s.Meta)
		}
	}
}

// TestGivenShares: parts of the sessions are as many as was asked for.
func TestGivenShares(t *testing.T) {
	l := services(1500)
	m := train(t, l, options(6))
	real := map[any]float64{}
	for _, s := range l {
		real[s.Meta[2]] += 1. / 1500
	}
	o := engine.DefaultGenerateOptions()
	o.Sessions = 1000
	for _, c := range []struct {
		given []string
		want  map[int64]float64
	}{
		{[]string{"dport=123 : 30%"}, map[int64]float64{123: .3}},
		{[]string{"dport=123 : 10x", "dport=443 : 0.5x"}, func() map[int64]float64 {
			ntp, web := 10*real[int64(123)], .5*real[int64(443)]
			all := ntp + web + real[int64(53)]
			return map[int64]float64{123: ntp / all, 443: web / all, 53: real[int64(53)] / all}
		}()},
		{[]string{"dport=53 : 0%"}, map[int64]float64{53: 0}},
		{[]string{"proto=UDP", "dport=53 : 50%", "dport=123 : 50%"}, map[int64]float64{53: .5, 123: .5, 443: 0}},
	} {
		o.Given = c.given
		got := map[int64]float64{}
		last := -1.
		for _, s := range generate(t, m, o) {
			got[s.Meta[2].(int64)] += 1. / 1000
			if at := s.Series[0][0].(float64); at < last {
				t.Errorf("%v: a session at %v comes after one at %v", c.given, at, last)
			} else {
				last = at
			}
		}
		for port, want := range c.want {
			if math.Abs(got[port]-want) > .002 {
				t.Errorf("%v: port %d has share %.3f, want %.3f", c.given, port, got[port], want)
			}
		}
	}
}

func TestGivenIsRefused(t *testing.T) {
	m := train(t, services(600), options(1))
	for _, c := range []struct{ given, message string }{
		{"dport=54", "dport=54: no session of the trace has it, or fewer than the 5 that a value must be in to be repeated; nearest are 53, 123, 443"},
		{"proto=UPD", "nearest are UDP, TCP"},
		{"dport=500..600", "no session of the trace has it"},
		{"src=172.16.0.0/12", "no session of the trace has it"},
		{"dst=", "no session of the trace has it"},
		{"bytes=76", "bytes is of each record, and only what a session has once can be given: src, dst, dport, proto"},
		{"port=53", `there is no field "port" that a session has once: give one of src, dst, dport, proto`},
		{"dport", "want FIELD=VALUE"},
		{"dport=9..x", "9..x is no range"},
		{"dport=9..3", "9..3 is no range"},
		{"dport=53 : many", `"many" is no share`},
		{"dport=53 : 110%", `"110%" is no share`},
		{"dport=53 & proto=TCP", "dport=53 & proto=TCP"},
	} {
		o := engine.DefaultGenerateOptions()
		o.Given, o.Sessions = []string{c.given}, 20
		_, err := m.Generate(context.Background(), o, new(list))
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: got error %v, want %q", c.given, err, c.message)
		}
	}
}

// Package recipe reads the access log of a load balancer that writes a format
// of its own, and writes synthetic requests as such lines again.
package recipe

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"netshare/workspace/trace"
)

// stamp is how the log writes times.
const stamp = "02/Jan/2006:15:04:05.000"

// Recipe declares what is learnt of the log: a session is what one client asks
// with one program.
var Recipe = trace.Recipe{
	Name: "access",
	Time: trace.Timestamp("time", stamp),
	Metadata: []trace.Field{
		trace.IP("client"),
		trace.Category("agent"),
	},
	Series: []trace.Field{
		trace.Category("request"),
		trace.Category("status"),
		trace.Integer("size").NA("-").Range(0, 1<<40),
		trace.Integer("ms").Range(0, 600000),
		trace.Category("referer"),
	},
	Columns: []string{"time", "client", "request", "status", "size", "ms", "referer", "agent"},
	Read:    read,
	Write:   write,
}

// form is a line of the log:
//
//	[04/Mar/2025:09:40:16.111] 192.0.2.228 "GET /" 200 9214 4ms ref="-" ua="curl/8.12.1"
var form = regexp.MustCompile(`^\[([^\]]+)\] (\S+) "([A-Z]+ [^"]*)" (\d{3}) (\d+|-) (\d+)ms ref="([^"]*)" ua="([^"]*)"$`)

// read takes the log line by line. Lines that begin with # are the balancer's
// remarks; what else is no request is a reject, with its line.
func read(in *trace.Input, emit func(trace.Row) error) error {
	requests := 0
	for line, ok := in.Line(); ok; line, ok = in.Line() {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := form.FindStringSubmatch(line)
		if cells == nil {
			in.Reject("no request of the balancer's log", line)
			continue
		}
		row := trace.Row{}
		for _, c := range cells[1:] {
			row = append(row, c)
		}
		if err := emit(row); err != nil {
			return err
		}
		requests++
	}
	if err := in.Err(); err != nil {
		return err
	}
	if requests == 0 {
		return errors.New("no request of the balancer's log is in it")
	}
	return nil
}

// write is a record as a line of the log.
func write(r trace.Record) string {
	size := "-"
	if !r.Missing("size") {
		size = r.Text("size")
	}
	return fmt.Sprintf("[%s] %s %q %s %s %dms ref=%q ua=%q", r.Time("time").Format(stamp), r.Text("client"), r.Text("request"),
		r.Text("status"), size, r.Int("ms"), r.Text("referer"), r.Text("agent"))
}

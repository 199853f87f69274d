package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// cluster is what runs the firm's shop: services in instances on nodes, under
// the meaningless names that a published trace has.
type cluster struct {
	r        *rand.Rand
	services []service
	nodes    []string
	busy     []float64 // of each node
}

// service is one of the shop's, with those that it asks.
type service struct {
	name      string
	store     bool // a cache or a database, which asks nobody
	kind      string
	asks      []int
	asked     []string // interfaces
	rt        float64  // median, milliseconds
	instances []instance
}

// instance is a copy of a service.
type instance struct {
	name string
	node int
	cpu  float64
	mem  float64
}

// hidden is the name of a thing in a published trace.
func hidden(format string, args ...any) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "made-up "+format, args...)))
}

func newCluster(r *rand.Rand) *cluster {
	c := &cluster{r: r}
	for i := range 36 {
		c.nodes = append(c.nodes, hidden("node %d", i))
		c.busy = append(c.busy, 0.25+0.5*r.Float64())
	}
	for i := range 20 {
		s := service{name: hidden("service %d", i), kind: "rpc", rt: lognormal(r, 4, 0.8)}
		switch {
		case i == 0:
			s.kind = "http"
		case i >= 16:
			s.kind, s.store, s.rt = "db", true, lognormal(r, 2, 0.5)
		case i >= 12:
			s.kind, s.store, s.rt = "mc", true, lognormal(r, 0.6, 0.4)
		}
		if !s.store { // it asks later ones, so that no call comes back to it
			for range 2 + r.IntN(3) {
				s.asks = append(s.asks, i+1+r.IntN(19-i))
			}
		}
		for k := range 1 + r.IntN(3) {
			s.asked = append(s.asked, hidden("service %d interface %d", i, k))
		}
		for k := range 2 + int(pareto(r, 1, 1.2, 9)) {
			s.instances = append(s.instances, instance{
				name: hidden("service %d instance %d", i, k), node: r.IntN(len(c.nodes)), cpu: min(0.6, lognormal(r, 0.11, 0.6)), mem: 0.35 + 0.5*r.Float64(),
			})
		}
		c.services = append(c.services, s)
	}
	return c
}

// call is one line of the call graph.
type call struct {
	trace, id, from, kind, to, face string
	at, took                        int64 // milliseconds
}

// callGraph renders some requests of the shop as the calls that they make.
func (c *cluster) callGraph() []byte {
	var calls []call
	at := int64(21000)
	for i := range 70 {
		trace := hidden("request %d", i)[:30]
		at += int64(c.r.ExpFloat64() * 3800)
		c.ask(&calls, trace, "0.1", "(?)", 0, at, 0)
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.at, b.at) })
	var b bytes.Buffer
	b.WriteString("traceid,timestamp,rpcid,um,rpctype,dm,interface,rt\n")
	for _, l := range calls {
		fmt.Fprintf(&b, "%s,%d,%s,%s,%s,%s,%s,%d\n", l.trace, l.at, l.id, l.from, l.kind, l.to, l.face, l.took)
	}
	return b.Bytes()
}

// ask notes a call and those that it leads to, and returns how long it took.
func (c *cluster) ask(calls *[]call, trace, id, from string, to int, at int64, depth int) int64 {
	s := c.services[to]
	own := len(*calls)
	*calls = append(*calls, call{trace: trace, id: id, from: from, kind: s.kind, to: s.name, at: at})
	took := int64(lognormal(c.r, s.rt, 0.5))
	if !s.store {
		(*calls)[own].face = s.asked[c.r.IntN(len(s.asked))]
	}
	if depth < 4 {
		for k, next := range s.asks {
			if c.r.Float64() < 0.62/float64(depth+1) {
				took += c.ask(calls, trace, fmt.Sprintf("%s.%d", id, k+1), s.name, next, at+took, depth+1)
			}
		}
	}
	if took = max(took, 0); s.kind == "http" {
		took = -took // the trace notes the side that was asked by a negative time
	}
	(*calls)[own].took = took
	return max(took, -took)
}

// metrics renders how often and how fast instances answered, once a minute.
func (c *cluster) metrics() []byte {
	var b bytes.Buffer
	b.WriteString("timestamp,msname,msinstanceid,metric,value\n")
	for minute := range 8 {
		for _, s := range c.services[:12] {
			for i, in := range s.instances {
				load := (2 + 40*in.cpu) * (1 + 0.2*math.Sin(float64(minute)/2+float64(i)))
				rate := math.Round(60*load*lognormal(c.r, 1, 0.1)) / 60
				for _, m := range []struct {
					name  string
					value float64
				}{{"providerRPC_MCR", rate}, {"providerRPC_RT", s.rt * lognormal(c.r, 1+in.cpu, 0.12)}} {
					if c.r.Float64() < 0.93 {
						fmt.Fprintf(&b, "%d,%s,%s,%s,%.4f\n", minute*60000, s.name, in.name, m.name, m.value)
					}
				}
			}
		}
	}
	return b.Bytes()
}

// wander moves a share a little, back to where it belongs.
func (c *cluster) wander(x, home, step float64) float64 {
	return min(0.99, max(0.001, x+0.2*(home-x)+step*c.r.NormFloat64()))
}

// node renders how busy the nodes were, every 30 seconds.
func (c *cluster) node() []byte {
	var b bytes.Buffer
	b.WriteString("timestamp,nodeid,node_cpu_usage,node_memory_usage\n")
	cpu := slices.Clone(c.busy)
	for tick := range 15 {
		for i, n := range c.nodes {
			cpu[i] = c.wander(cpu[i], c.busy[i], 0.02)
			fmt.Fprintf(&b, "%d,%s,%.6f,%.6f\n", tick*30000, n, cpu[i], min(0.98, 0.45+0.5*c.busy[i]+0.004*c.r.NormFloat64()))
		}
	}
	return b.Bytes()
}

// resource renders what instances used of their nodes, every 30 seconds.
func (c *cluster) resource() []byte {
	var b bytes.Buffer
	b.WriteString("msname,msinstanceid,nodeid,instance_cpu_usage,instance_memory_usage,timestamp\n")
	for tick := range 8 {
		for _, s := range c.services {
			for _, in := range s.instances {
				fmt.Fprintf(&b, "%s,%s,%s,%.6f,%.6f,%d\n", s.name, in.name, c.nodes[in.node],
					c.wander(in.cpu, in.cpu, 0.012), c.wander(in.mem, in.mem, 0.002), tick*30000)
			}
		}
	}
	return b.Bytes()
}

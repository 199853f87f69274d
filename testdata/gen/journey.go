package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// errand is something that a customer of a bank comes for: the steps, each with
// the chance that it is taken, in one channel.
type errand struct {
	channel string
	steps   []string
	chance  []float64
}

// errands are what customers come for, the most frequent first.
func errands() []errand {
	return []errand{
		{"mobile", []string{"check balance", "transfer.started", "transfer.completed"}, []float64{0.95, 0.4, 0.85}},
		{"atm", []string{"authentication", "withdrawal"}, []float64{1, 0.85}},
		{"web", []string{"view statement", "download statement"}, []float64{0.9, 0.3}},
		{"mobile", []string{"card freeze", "card reissue.started", "card reissue.completed"}, []float64{0.7, 0.9, 0.8}},
		{"phone", []string{"identification", "dispute charge", "agent transfer"}, []float64{1, 0.7, 0.4}},
		{"web", []string{"change address.started", "change address.completed"}, []float64{1, 0.8}},
		{"branch", []string{"appointment", "loan application"}, []float64{0.8, 0.5}},
	}
}

// journeysCSV renders what a bank's customers did in March, a line for each
// customer: who of which kind, and the events with their times as two lists.
func journeysCSV(w *world) []byte {
	r := w.rng
	labels := []string{"STANDARD", "STANDARD-MIXED", "NEW-CUSTOMER"}
	pickLabel, all := zipf(len(labels), 0.9), errands()
	// what each kind of customer comes for, by the errands' places
	tastes := [][]float64{{8, 3, 3, 0.5, 0.5, 0.3, 0.2}, {4, 4, 3, 1, 1.5, 0.7, 0.8}, {6, 1, 1, 0.3, 2, 2, 3}}
	var b bytes.Buffer
	b.WriteString("customer,label,times,events\n")
	for c := range 220 {
		label := pickLabel.pick(r)
		at := w.at(0, 0, 0)/1000 + r.Int64N(6*86400e3)
		var times, events []string
		note := func(event string, wait float64) {
			at += int64(lognormal(r, wait*1000, 0.7))
			times, events = append(times, fmt.Sprint(at)), append(events, event)
		}
		for range 1 + int(pareto(r, 0.8, 1.2, 9)) {
			e := all[weighed(r, tastes[label])]
			within := 3600e3 * (8 + 3*r.NormFloat64()) // of a day, mostly in waking hours
			day := (at + int64(lognormal(r, 2*86400e3, 0.8))) / 86400e3 * 86400e3
			at = max(at+1800e3, day+int64(max(0, min(22*3600e3, within+4*3600e3))))
			online := e.channel == "mobile" || e.channel == "web"
			if online {
				note(e.channel+" : logon", 1)
			}
			for i, step := range e.steps {
				if r.Float64() >= e.chance[i] {
					break
				}
				note(e.channel+" : "+step, 25)
			}
			if online && r.Float64() < 0.6 {
				note(e.channel+" : logoff", 30)
			}
		}
		if len(events) > 0 {
			fmt.Fprintf(&b, "ID-%d,%s,%s,%s\n", 1000+37*c%9000, labels[label], strings.Join(times, ";"), strings.Join(events, ";"))
		}
	}
	return b.Bytes()
}

// weighed picks an index by weights.
func weighed(r *rand.Rand, weights []float64) int {
	var sum float64
	for _, x := range weights {
		sum += x
	}
	x := r.Float64() * sum
	for i, weight := range weights {
		if x -= weight; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}

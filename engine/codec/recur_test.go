package codec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"netshare/workspace/trace"
)

// counted returns how many values occur how often.
func counted(rows []trace.Row, field int) map[int]int {
	seen := map[string]int{}
	for _, r := range rows {
		s, _ := text(r[field])
		seen[s]++
	}
	times := map[int]int{}
	for _, n := range seen {
		times[n]++
	}
	return times
}

func TestRareValuesRecurAsOftenAndAreNotTheReal(t *testing.T) {
	recipe := &trace.Recipe{
		Name: "t", Key: []string{"who", "n"},
		Metadata: []trace.Field{trace.Text("who"), trace.Integer("n")},
		Series:   []trace.Field{trace.Text("what")},
	}
	types := map[string]trace.Type{"who": trace.TypeText, "n": trace.TypeInt, "what": trace.TypeText}
	var sessions []trace.Session
	var real []trace.Row
	names := map[string]bool{}
	for i := range 900 { // 300 names once, 300 twice
		k := i
		if i >= 300 {
			k = 300 + (i-300)/2
		}
		who := fmt.Sprintf("host-%05d", 7*k)
		names[who] = true
		s := trace.Session{Meta: trace.Row{who, int64(i)}}
		for j := range 4 { // each thing is said twice in a row
			s.Series = append(s.Series, trace.Row{nil, fmt.Sprintf("thing-%06d", 10*i+j/2)})
		}
		sessions = append(sessions, s)
		real = append(real, s.Meta)
	}
	opts := DefaultOptions()
	opts.MaxClasses = 8 // no room for values made up one for one
	c, err := Fit(recipe, types, sessions, opts, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	supply := NewSupply(r)
	var made []trace.Row
	stays, next := 0, 0
	for _, s := range sessions {
		made = append(made, trace.Row{s.Meta[0], s.Meta[1]})
	}
	c.Recur(made, supply, func(int, trace.Row) bool { return true })
	for _, s := range sessions {
		var rows []trace.Row
		for _, rec := range s.Series {
			rows = append(rows, append(trace.Row(nil), rec...))
		}
		c.RecurRecords(nil, rows, supply)
		for i := 1; i < len(rows); i++ {
			next++
			if rows[i][1] == rows[i-1][1] {
				stays++
			}
		}
	}
	want, got := counted(real, 0), counted(made, 0)
	for _, n := range []int{1, 2} {
		if d := got[n] - want[n]; d < -20 || d > 20 {
			t.Errorf("%d values occur %d times, want about %d (all: %v)", got[n], n, want[n], got)
		}
	}
	copies := 0
	for _, m := range made {
		if names[m[0].(string)] {
			copies++
		}
	}
	if copies > len(made)/5 {
		t.Errorf("%d of %d made-up names are real", copies, len(made))
	}
	if share := float64(stays) / float64(next); share < .6 || share > .73 { // real 2/3
		t.Errorf("%.2f of the values are those of the record before, want 0.67", share)
	}
	accepted := trace.Row{sessions[0].Meta[0], sessions[0].Meta[1]}
	c.Recur([]trace.Row{accepted}, supply, func(int, trace.Row) bool { return false })
	if accepted[0] != sessions[0].Meta[0] {
		t.Error("a row that was refused has changed")
	}
}

// TestRareValuesAreLevelled holds that values that each have a class, which the
// networks draw as often as they like, recur as often as in the real trace.
func TestRareValuesAreLevelled(t *testing.T) {
	recipe := &trace.Recipe{Name: "t", Key: []string{"who", "n"}, Metadata: []trace.Field{trace.Text("who"), trace.Integer("n")}}
	types := map[string]trace.Type{"who": trace.TypeText, "n": trace.TypeInt}
	var sessions []trace.Session
	var real []trace.Row
	for i := range 300 { // 100 names once, 40 each of twice, 3 and 4 times less some
		who := i
		if i >= 100 {
			who = 100 + (i-100)/(2+i%3)
		}
		s := trace.Session{Meta: trace.Row{fmt.Sprintf("host-%05d", 7*who), int64(i)}}
		sessions, real = append(sessions, s), append(real, s.Meta)
	}
	c, err := Fit(recipe, types, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	classes := c.Meta[0].Members[0].Classes
	if len(classes.Alias) < 20 || classes.Template == nil {
		t.Fatalf("%d names with a class each, template %v: the test shows nothing", len(classes.Alias), classes.Template)
	}
	r := rand.New(rand.NewPCG(3, 4))
	supply := NewSupply(r)
	var before, made []trace.Row
	rare := classes.size() - len(classes.Kept)
	for i := range sessions {
		meta := trace.Row{classes.draw(len(classes.Kept)+rare-1-(i*i/900)%rare, r), int64(i)}
		before = append(before, slices.Clone(meta))
		made = append(made, meta)
	}
	c.Recur(made, supply, func(int, trace.Row) bool { return true })
	want, got, lost := counted(real, 0), counted(made, 0), counted(before, 0)
	for n := 1; n <= 4; n++ {
		if got[n] < want[n]*9/10-2 || got[n] > want[n]*11/10+2 {
			t.Errorf("%d values %d times, want %d (%d as they came)", got[n], n, want[n], lost[n])
		}
	}
}

// TestRareValuesKeepCompany holds that sessions of the same rare value have
// another field in common about as often as in the real trace.
func TestRareValuesKeepCompany(t *testing.T) {
	recipe := &trace.Recipe{Name: "t", Key: []string{"who", "n"}, Metadata: []trace.Field{trace.Text("who"), trace.Integer("n"), trace.Category("to")}}
	types := map[string]trace.Type{"who": trace.TypeText, "n": trace.TypeInt, "to": trace.TypeText}
	r := rand.New(rand.NewPCG(1, 2))
	to := func() string { return fmt.Sprintf("server-%d", r.IntN(10)) }
	var sessions []trace.Session
	var rows []trace.Row
	for i := range 400 { // each name twice, to the same server in 3 of 4 cases
		at := to()
		for k := range 2 {
			if k == 1 && i%4 == 0 {
				at = to()
			}
			row := trace.Row{fmt.Sprintf("host-%05d", 7*i), int64(2*i + k), at}
			sessions, rows = append(sessions, trace.Session{Meta: row}), append(rows, row)
		}
	}
	c, err := Fit(recipe, types, sessions, DefaultOptions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	together := func(rows []trace.Row) float64 {
		first, same, pairs := map[any]any{}, 0., 0.
		for _, row := range rows {
			if at, seen := first[row[0]]; seen {
				pairs++
				if at == row[2] {
					same++
				}
			}
			first[row[0]] = row[2]
		}
		return same / pairs
	}
	classes := c.Meta[0].Members[0].Classes
	var made []trace.Row
	for i := range 800 { // who goes with anywhere
		made = append(made, trace.Row{classes.draw(classes.size()-1, r), int64(i), to()})
	}
	before := together(made)
	c.Recur(made, NewSupply(r), func(int, trace.Row) bool { return true })
	if want, got := together(rows), together(made); got < want-.15 || got > want+.15 {
		t.Errorf("%.2f of the sessions of a name are with one server, want %.2f (%.2f as they came)", got, want, before)
	}
}

package marginal

import (
	"fmt"
)

// Means says in words what a unit of privacy is.
func (o Options) Means() string {
	switch o.Unit {
	case Record:
		return "one record"
	case Host:
		return fmt.Sprintf("all sessions of one source host, of which at most %d are looked at", o.HostCap)
	}
	return fmt.Sprintf("one session: all records of one key, of which at most %d are looked at", o.MaxRecords)
}

// Outside names what of the data is used without noise, whatever the model.
func Outside() []string {
	return []string{
		"the columns' names, types and ways of writing, and the file's format: as the file has them",
		"which columns are time, key, session's or record's, and their kinds: inferred from the trace unless a recipe declares them",
		"which records are one session, and which address is a session's host: as the key says",
		"the scores, baselines and figures of a report, what is told when a trace is loaded, and the workspace, which holds the real trace: none is private",
		"other models learnt of the same trace, and the same model learnt again: epsilons and deltas add up",
	}
}

// few is the number of sessions times epsilon, for each thing that is learnt,
// below which the models were off as much in pairs of columns as independent
// columns, or more, on real traces of flows, connections and packets.
const few = 250

// state fills in the model's statement.
func (f *fitter) state() {
	o, s := f.look.options, &f.model.Statement
	s.Model = "marginal: noised counts of columns, of pairs of columns that are a tree, and of transitions"
	s.Unit, s.Means = string(o.Unit), o.Means()
	s.Settle(f.look.ledger, o.Budget)
	s.Outside = Outside()
	if f.alone && !o.ColumnsOnly {
		s.Warnings = append(s.Warnings, fmt.Sprintf("about %.0f sessions are too few for pairs of columns at epsilon %g and the unit %s: columns are learnt each on its own, and with so much noise that expect them to be worse than the real columns would be, drawn apart", f.sessions, o.Epsilon, o.Unit))
	} else if n := f.sessions / o.sensitivity(); n*o.Epsilon < few*float64(len(f.model.Attributes)) {
		s.Warnings = append(s.Warnings, fmt.Sprintf("about %.0f sessions are few for epsilon %g and the unit %s: expect nothing better than independent columns, and often worse; a greater epsilon or a longer trace gives more", f.sessions, o.Epsilon, o.Unit))
	}
}

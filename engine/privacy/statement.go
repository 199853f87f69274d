package privacy

// Statement is what a model, or a table that it made, guarantees: what a person
// has to know, and whoever checks it.
type Statement struct {
	Model   string  `json:"model"` // in words
	Unit    string  `json:"unit"`  // record, session or host
	Means   string  `json:"means"` // what the unit is, in words
	Asked   Budget  `json:"asked"`
	Epsilon float64 `json:"epsilon"` // spent, by the accountant
	Delta   float64 `json:"delta"`
	Order   float64 `json:"renyi_order"` // that gives it

	Mechanisms []Spent  `json:"mechanisms"`
	Outside    []string `json:"outside"`            // of the data, without noise, in words
	Warnings   []string `json:"warnings,omitempty"` // where the noise leaves little
}

// Spent is a mechanism and its share of the epsilon that was spent. Shares add
// up to it; each is less than what the mechanism would cost alone.
type Spent struct {
	Mechanism
	Epsilon float64 `json:"epsilon"`
}

// Settle fills in what the ledger says.
func (s *Statement) Settle(l *Ledger, b Budget) {
	s.Asked, s.Delta = b, b.Delta
	s.Epsilon, s.Order = l.Epsilon(b.Delta)
	s.Mechanisms = nil
	for i, share := range l.Shares(b.Delta) {
		s.Mechanisms = append(s.Mechanisms, Spent{l.Mechanisms[i], share})
	}
}

// Ledger returns the mechanisms, for others to be added.
func (s *Statement) Ledger() *Ledger {
	l := &Ledger{}
	for _, m := range s.Mechanisms {
		l.Mechanisms = append(l.Mechanisms, m.Mechanism)
	}
	return l
}

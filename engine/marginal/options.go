package marginal

import (
	"errors"
	"fmt"
	"math"

	"netshare/engine/privacy"
)

// Unit is what is protected: whoever sees the model can hardly tell whether any
// one of it was in the trace.
type Unit string

// The units of privacy.
const (
	// Record is one record. A session without one of its records is taken for
	// another session, so that the noise is that of a session out and one in.
	Record Unit = "record"
	// Session is all records of a session key.
	Session Unit = "session"
	// Host is all sessions of a source host, of which at most Options.HostCap,
	// drawn at random, are looked at.
	Host Unit = "host"
)

// Units returns the units of privacy.
func Units() []Unit { return []Unit{Record, Session, Host} }

// Options say how much is learnt, and for whom.
type Options struct {
	privacy.Budget
	Unit Unit
	// HostCap is how many sessions of a host are looked at, for unit Host.
	// Default 10. The noise grows with it.
	HostCap int
	// MaxRecords is how many records of a session are looked at, the first.
	// Default 512.
	MaxRecords int
	// ColumnsOnly learns columns on their own, without pairs or transitions, for
	// the same budget: a baseline.
	ColumnsOnly bool
}

// DefaultOptions returns epsilon 2 at delta 1e-5 for sessions.
func DefaultOptions() Options {
	return Options{Budget: privacy.Budget{Epsilon: 2, Delta: 1e-5}, Unit: Session, HostCap: 10, MaxRecords: 512}
}

// Validate reports all faults of the options, joined.
func (o Options) Validate() error {
	errs := []error{o.Budget.Validate()}
	if o.Unit != Record && o.Unit != Session && o.Unit != Host {
		errs = append(errs, fmt.Errorf("unit of privacy %q is unknown: choose record, session or host", o.Unit))
	}
	if o.HostCap < 1 || o.HostCap > 1<<16 {
		errs = append(errs, fmt.Errorf("sessions of a host: want 1 to 65536, got %d", o.HostCap))
	}
	if o.MaxRecords < 1 || o.MaxRecords > weight/4 {
		errs = append(errs, fmt.Errorf("records of a session: want 1 to %d, got %d", weight/4, o.MaxRecords))
	}
	return errors.Join(errs...)
}

// sensitivity is the most, in Euclidean length and in sessions, by which one
// unit changes counts in which each session counts once.
func (o Options) sensitivity() float64 {
	switch o.Unit {
	case Host:
		return float64(o.HostCap)
	case Record: // a session out and another in
		return math.Sqrt2
	}
	return 1
}

// absolute is the same in the sum of absolute changes.
func (o Options) absolute() float64 {
	if o.Unit == Record {
		return 2
	}
	return o.sensitivity()
}

// The shares of the budget: of rho, which adds up over mechanisms.
const (
	countShare   = .01 // the number of sessions
	startShare   = .06 // when they begin
	columnShare  = .40 // the other columns, each as much
	chooseShare  = .11 // which pairs
	pairShare    = .32 // their counts, and whatever is left
	chainShare   = .10 // from record to record, where sessions are of several
	deltaOfNames = .1  // of delta, for naming texts and addresses
)

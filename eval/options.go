package eval

import (
	"errors"
	"fmt"

	"netshare/workspace/trace"
)

// Options says what of two traces is compared, and how. Start from
// DefaultOptions.
type Options struct {
	// Key names the columns that together tell sessions apart; nil where the
	// trace has none, and every record is a session of its own.
	Key []string
	// Time names the column that orders records; "" where there is none.
	Time string
	// Roles names the columns that network metrics are about.
	Roles Roles
	// Rules are those that a recipe declares to hold in every record.
	Rules []trace.Rule
	// Splits is how many random halvings of the real trace make the
	// baseline, 1 to 32. Default 5.
	Splits int
	// Seed fixes the halvings, bootstraps and samples: the same seed gives
	// the same report.
	Seed uint64
	// MaxPairs bounds the pairs of columns that are compared; above it a
	// seeded sample is taken and the report says so. Default 300.
	MaxPairs int
	// MaxTriples bounds the triples of columns whose joint distribution is
	// compared. Default 20.
	MaxTriples int
	// DetectorRows bounds the records of each side that the detector sees;
	// 0 leaves the detector out. Default 5000.
	DetectorRows int
	// Tasks does the tasks that a trace is used for, too: prediction of the kind
	// of traffic, heavy hitters by sketches, anomaly detection. Some seconds more.
	Tasks bool
	// Strict takes SDMetrics' own numbers where SDMetrics has a fault; see
	// SDMetricsOf.
	Strict bool
	// MaxFigures bounds the columns that get figures; above it the columns
	// with the lowest scores have them. Default 40.
	MaxFigures int
}

// DefaultOptions returns the options that reports use unless told otherwise.
func DefaultOptions() Options {
	return Options{Splits: 5, Seed: 1, MaxPairs: 300, MaxTriples: 20, DetectorRows: 5000, MaxFigures: 40}
}

// Validate reports all that is wrong with the options, joined.
func (o Options) Validate() error {
	var errs []error
	if o.Splits < 1 || o.Splits > 32 {
		errs = append(errs, fmt.Errorf("splits: want 1 to 32 halvings of the real trace, got %d", o.Splits))
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"max pairs", o.MaxPairs}, {"max triples", o.MaxTriples}, {"detector rows", o.DetectorRows}, {"max figures", o.MaxFigures}} {
		if f.value < 0 {
			errs = append(errs, fmt.Errorf("%s: want 0 or more, got %d", f.name, f.value))
		}
	}
	seen := map[string]bool{}
	for _, k := range o.Key {
		if seen[k] {
			errs = append(errs, fmt.Errorf("session key names column %q twice", k))
		}
		seen[k] = true
	}
	return errors.Join(errs...)
}

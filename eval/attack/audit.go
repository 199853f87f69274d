package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Side is one table as attacks see it.
type Side struct {
	Name              string
	Records, Sessions int
	Sample            *Sample // sessions, drawn at random where there are many
	// Whole and Behaviour are digests of all sessions: of every value, times
	// counted from the session's begin, and of every value that names nobody.
	Whole, Behaviour []uint64
	Identifiers      map[string][]string // by what they are; distinct or not
}

// Identifiers is one kind of identifier that is counted, for Input.
type Identifiers struct {
	Name string // in Side.Identifiers
	What string // in words, in the plural: "addresses"
}

// Input is what is attacked.
type Input struct {
	Train, Synthetic Side
	Holdout          *Side // nil where nothing was held out
	Identifiers      []Identifiers
	Shadows          []Shadow // where shadow models were asked for
	Remedy           string   // what replaces identifiers, for the words of a failure
	Seed             uint64
	Guarantee        string // what is promised of the synthetic table by how it was made, "" for nothing
}

// Block is one kind of attack.
type Block struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Verdict Verdict  `json:"verdict"`
	Alarm   bool     `json:"alarm,omitempty"` // of the distance, which has no verdict
	Words   string   `json:"words"`
	Figures []Figure `json:"figures"`

	settled bool
}

// Audit is what all attacks found.
type Audit struct {
	Verdict   Verdict  `json:"verdict"`
	Words     string   `json:"words"`
	Real      string   `json:"real"`
	Holdout   string   `json:"holdout,omitempty"`
	Synthetic string   `json:"synthetic"`
	Sessions  int      `json:"sessions"`         // synthetic
	Learnt    int      `json:"learnt_sessions"`  // real ones that were learnt
	HeldOut   int      `json:"holdout_sessions"` // real ones that were held out
	Guarantee string   `json:"guarantee"`        // in words, also where there is none
	Blocks    []Block  `json:"blocks"`
	Notes     []string `json:"notes,omitempty"`
	Seed      uint64   `json:"seed"`
}

const (
	targets     = 2000  // sessions of either part that are attacked
	attackers   = 20000 // synthetic sessions that the attacks know
	shareOfHost = .05   // of the sessions that are attacked, the most of one host
)

// attacks is an audit under way.
type attacks struct {
	in             Input
	rng            *rand.Rand
	train, holdout *Sample
	real           *Sample // both, those that were learnt first
	taken          bool    // sessions are taken as if each were of a host of its own
	synth          *Sample
}

// NoGuarantee is said of a trace whose model promises nothing.
const NoGuarantee = "There is no formal guarantee: the model learnt the real trace without noise. That attacks find nothing does not mean that there is nothing to be found."

// Run makes all attacks. It errs where a table has no session, or ctx ends.
func Run(ctx context.Context, in Input) (*Audit, error) {
	if in.Train.Sample.Len() == 0 || in.Synthetic.Sample.Len() == 0 {
		return nil, errors.New("there is no session to attack: the real and the synthetic table need some")
	}
	a := &attacks{in: in, rng: rand.New(rand.NewPCG(in.Seed, 0x61747461636b))}
	out := &Audit{
		Real: in.Train.Name, Synthetic: in.Synthetic.Name, Sessions: in.Synthetic.Sessions, Learnt: in.Train.Sessions,
		Guarantee: in.Guarantee, Seed: in.Seed,
	}
	if out.Guarantee == "" {
		out.Guarantee = NoGuarantee
	}
	if in.Holdout != nil && in.Holdout.Sample.Len() == 0 {
		a.in.Holdout = nil
	}
	a.prepare(out)
	for _, block := range []func(context.Context) (*Block, error){
		a.reuse, a.copies, a.membershipIfHeld, a.shadows, a.singlingOut, a.linkability, a.inference, a.closest,
	} {
		b, err := block(ctx)
		if err != nil {
			return nil, err
		}
		if b != nil {
			out.Blocks = append(out.Blocks, *b)
		}
	}
	out.conclude()
	return out, nil
}

// prepare draws the sessions that are attacked, and places all.
func (a *attacks) prepare(out *Audit) {
	a.train = a.in.Train.Sample.some(targets, shareOfHost, a.rng)
	samples := []*Sample{a.train}
	if h := a.in.Holdout; h != nil {
		out.Holdout, out.HeldOut = h.Name, h.Sessions
		a.holdout = h.Sample.some(targets, shareOfHost, a.rng)
		samples = append(samples, a.holdout)
		if shared(a.train, a.holdout) {
			out.Notes = append(out.Notes, "hosts are in both parts: sessions are taken as if each were of a host of its own, which makes findings look surer than they are")
			a.apart(a.train, a.holdout)
			a.taken = true
		}
	}
	s := a.train.space
	s.rank(samples...)
	a.synth = a.in.Synthetic.Sample.some(attackers, 1, a.rng)
	a.real = s.NewSample()
	for _, x := range samples {
		for i := range x.values {
			a.real.values[i] = append(a.real.values[i], x.values[i]...)
		}
		a.real.group = append(a.real.group, x.group...)
	}
	for _, x := range append(samples, a.real, a.synth) {
		x.place()
	}
}

// shared reports whether two samples have a host in common.
func shared(a, b *Sample) bool {
	of := map[int32]bool{}
	for _, g := range a.group {
		of[g] = true
	}
	for _, g := range b.group {
		if of[g] {
			return true
		}
	}
	return false
}

// apart makes each session one of a host of its own.
func (a *attacks) apart(samples ...*Sample) {
	var next int32
	for _, x := range samples {
		for i := range x.group {
			x.group[i] = next
			next++
		}
	}
}

func (a *attacks) membershipIfHeld(ctx context.Context) (*Block, error) {
	if a.holdout == nil {
		return &Block{
			Name: "membership", Title: "Which sessions and hosts were learnt",
			Words: "what can be told of a session's being learnt can't be measured without a holdout",
		}, nil
	}
	return a.membership(ctx)
}

// reuse compares identifiers.
func (a *attacks) reuse(context.Context) (*Block, error) {
	b := &Block{Name: "reuse", Title: "Identifiers of the real trace"}
	var failed, passed, few []string
	for _, id := range a.in.Identifiers {
		train, synth := a.in.Train.Identifiers[id.Name], a.in.Synthetic.Identifiers[id.Name]
		if len(train) == 0 || len(synth) == 0 {
			continue
		}
		var holdout []string
		if a.in.Holdout != nil {
			holdout = a.in.Holdout.Identifiers[id.Name]
		}
		r := MeasureReuse(train, holdout, synth)
		f := Figure{Name: id.What + " that only what was learnt has, of those that only one part has", Value: r.Share, Low: r.Low, High: r.High, Chance: r.ChanceShare, P: r.P}
		f.Of = fmt.Sprintf("%d and %d of %d", r.Train, r.Holdout, r.Synthetic)
		if a.in.Holdout == nil {
			f.Name, f.Value, f.P = id.What+" that are real ones", share(r.Train, r.Synthetic), 1
			f.Low, f.High = clopperPearson(r.Train, r.Synthetic)
			f.Of = fmt.Sprintf("%d of %d", r.Train, r.Synthetic)
			few = append(few, fmt.Sprintf("%d of %d %s", r.Train, r.Synthetic, id.What))
		}
		b.Figures = append(b.Figures, f)
		if a.in.Holdout == nil {
			continue
		}
		words := fmt.Sprintf("%d of %d synthetic %s are of what was learnt alone, %d of what was held out alone", r.Train, r.Synthetic, id.What, r.Holdout)
		switch r.Verdict {
		case Fail:
			failed = append(failed, words)
		case Pass:
			passed = append(passed, words)
		default:
			few = append(few, words)
		}
		b.worse(r.Verdict)
	}
	switch {
	case len(b.Figures) == 0:
		return nil, nil
	case a.in.Holdout == nil:
		b.Words = strings.Join(few, ", ") + " are real ones; how many are shared by chance can't be told without a holdout"
	case b.Verdict == Fail:
		b.Words = "identifiers of what was learnt are repeated: " + strings.Join(failed, "; ")
		if a.in.Remedy != "" {
			b.Words += ". " + a.in.Remedy
		}
	case b.Verdict == Pass:
		b.Words = "no more identifiers are repeated than chance gives: " + strings.Join(passed, "; ")
	default:
		b.Words = "so few are shared that nothing can be told: " + strings.Join(few, "; ")
	}
	return b, nil
}

// conclude settles what all blocks say together. The distance has no say.
func (o *Audit) conclude() {
	var failed, open []string
	decided := 0
	for _, b := range o.Blocks {
		if b.Name == "distance" {
			continue
		}
		switch b.Verdict {
		case Fail:
			failed = append(failed, strings.ToLower(b.Title[:1])+b.Title[1:])
		case Undecided:
			open = append(open, strings.ToLower(b.Title[:1])+b.Title[1:])
		default:
			decided++
		}
	}
	switch {
	case len(failed) > 0:
		o.Verdict = Fail
		o.Words = "This trace gives away what was learnt: " + strings.Join(failed, ", ") + "."
	case o.Holdout == "":
		o.Words = "Nothing was held out, so that what is learnt by heart can't be told from what is true of any such trace: hold some out (ws split, synth --holdout) and learn the rest."
	case decided == 0:
		o.Words = "Too little was held out to tell anything: hold out more, or use a longer trace."
	default:
		o.Verdict = Pass
		o.Words = "No attack found more of what was learnt than chance gives."
		if len(open) > 0 {
			o.Words += " Undecided, for too little was held out: " + strings.Join(open, ", ") + "."
		}
	}
}

// interval is the figure's value with its interval, times scale.
func (f Figure) interval(scale float64) string {
	return fmt.Sprintf("%.3g (%.3g to %.3g)", f.Value*scale, f.Low*scale, f.High*scale)
}

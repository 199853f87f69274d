package engine

import (
	"context"
	"fmt"

	"netshare/engine/dgan"
)

// Choice says which networks of a training run are its model.
type Choice string

// The choices.
const (
	ChooseLast    Choice = "last"    // those at the end
	ChooseBest    Choice = "best"    // those of the greatest fidelity to sessions that are held out
	ChooseTrained Choice = "trained" // those of the greatest fidelity to the sessions that are learnt
)

// HeldOut is the share of sessions that is held out to choose by where Validation
// does not say another.
const HeldOut = .1

// held is the share of sessions that networks are measured against and do not
// learn from.
func (o Options) held() float64 {
	if o.Choose == ChooseBest && o.Validation == 0 {
		return HeldOut
	}
	return o.Validation
}

// kept is the networks that a run falls back on.
type kept struct {
	Epoch, Iteration int
	Fidelity         Fidelity
	Networks         []byte // as dgan.Model.MarshalTrained has them; nil before there are any
}

// collapses is how many measurements in a row have to find too little variety
// for a run to end.
const collapses = 3

// due reports whether fidelity is to be measured now, between two iterations.
func (l *loop) due() bool {
	o, at := l.m.Options, &l.m.at
	if l.yardstick == nil {
		return false
	}
	share := l.share()
	if o.MeasureEpochs > 0 {
		return share >= 1 || at.Step == l.perEpoch && at.Epoch%o.MeasureEpochs == 0
	}
	part := int(share*float64(o.Measures) + 1e-9)
	if part <= at.Part {
		return false
	}
	at.Part = part
	return true
}

// share is how much of the run is done, 0 to 1.
func (l *loop) share() float64 {
	o, at := l.m.Options, &l.m.at
	var share float64
	if l.epochs > 0 {
		share = float64(at.Iteration) / float64(l.epochs*l.perEpoch)
	}
	if o.Time > 0 {
		share = max(share, float64(at.Elapsed)/float64(o.Time))
	}
	return min(1, share)
}

// ending says why a run is to end before its time, and whether its networks
// are spoilt.
type ending struct {
	why    string
	spoilt bool
}

// measure measures the networks and keeps them where the run would fall back on
// them. It returns nil where the run goes on.
func (l *loop) measure(ctx context.Context) (*ending, error) {
	o, at := l.m.Options, &l.m.at
	f, examples, err := l.yardstick.measure(ctx)
	if err != nil {
		return nil, err
	}
	l.examples = examples
	at.Fidelity, l.m.Fidelity = &f, &f
	if f.Variety < leastVariety {
		at.Collapsed++
		if at.Collapsed == collapses && at.Kept.Networks != nil {
			return &ending{fmt.Sprintf("the generator collapsed: %d measurements in a row found less than %.0f %% of the real sessions' variety",
				collapses, 100*leastVariety), true}, nil
		}
		return nil, nil
	}
	at.Collapsed = 0
	at.Since++
	better := f.Overall > at.Best
	if better {
		at.Best, at.Since = f.Overall, 0
	}
	if better || o.Choose == ChooseLast || at.Kept.Networks == nil {
		at.Kept = kept{Epoch: at.Epoch, Iteration: at.Iteration, Fidelity: f}
		if at.Kept.Networks, err = l.m.net.MarshalTrained(); err != nil {
			return nil, err
		}
	}
	if o.Patience > 0 && at.Since >= o.Patience {
		return &ending{why: fmt.Sprintf("fidelity did not grow in %d measurements", at.Since)}, nil
	}
	return nil, nil
}

// finish settles the model of a run that ends: in time where e is nil.
func (l *loop) finish(e *ending) error {
	m, at := l.m, &l.m.at
	m.Epochs = at.Epoch
	if e == nil && at.Collapsed > 0 {
		e = &ending{"the generator had collapsed by the end", true}
	}
	back := m.Options.Choose != ChooseLast
	if e != nil {
		m.Ended, back = e.why, back || e.spoilt
	}
	spoilt := e != nil && e.spoilt
	if at.Kept.Networks == nil || !back || at.Kept.Iteration == at.Iteration && !spoilt {
		return nil
	}
	if spoilt {
		m.Ended += fmt.Sprintf("; the model is that of iteration %d in epoch %d", at.Kept.Iteration, at.Kept.Epoch)
	}
	var err error
	m.net, err = dgan.Load(m.shape(), at.Kept.Networks)
	m.Epochs, m.Fidelity = at.Kept.Epoch, &at.Kept.Fidelity
	return err
}

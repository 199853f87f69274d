package marginal

import (
	"math"
	"slices"

	"netshare/engine/privacy"
)

// weight is what a session counts, in the whole numbers that noise is added to:
// each of its records counts a share, rounded down.
const weight = 1 << 14

// look is the one way to the data: counts leave it with noise only, and the
// ledger has an entry for each time.
type look struct {
	noise   *privacy.Noise
	ledger  *privacy.Ledger
	options Options
	spent   float64 // of rho
}

// multiplier is the noise multiplier of a share of rho.
func multiplier(rho float64) float64 { return 1 / math.Sqrt(2*rho) }

// counts returns counts, in sessions, with noise for a share of rho, and the
// noise's standard deviation. cells is the most counts that one session is in
// with all its weight: the sensitivity is its root times that of one.
func (l *look) counts(name string, rho float64, cells int, exact []int64) (noised []float64, sigma float64, err error) {
	return l.named(name, rho, cells, 0, exact)
}

// named is counts where the counts' being there tells something: delta is the
// chance that it tells of a value that one unit alone has.
func (l *look) named(name string, rho float64, cells int, delta float64, exact []int64) (noised []float64, sigma float64, err error) {
	per := l.options.sensitivity() * math.Sqrt(float64(cells))
	g, err := privacy.NewDiscreteGaussian(l.noise, multiplier(rho)*per*weight)
	if err != nil {
		return nil, 0, err
	}
	err = l.ledger.Add(privacy.Mechanism{Name: name, Kind: privacy.Gaussian, Multiplier: g.Sigma() / (per * weight), Delta: delta})
	if err != nil {
		return nil, 0, err
	}
	l.spent += rho
	noised = make([]float64, len(exact))
	for i, x := range exact {
		noised[i] = float64(x+g.Draw()) / weight
	}
	return noised, g.Sigma() / weight, nil
}

// tail is how many standard deviations a normal number exceeds with a chance
// of p.
func tail(p float64) float64 {
	lo, hi := 0.0, 40.0
	for range 60 {
		if mid := (lo + hi) / 2; math.Erfc(mid/math.Sqrt2)/2 > p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// settle makes noised counts that must not be negative add up to total, moving
// them as little as can be: those that would be negative become 0, and all
// others fall by the same, or where they are too few, grow in proportion.
func settle(x []float64, total float64) {
	total = max(total, 0)
	lo, hi, positive := 0.0, 0.0, 0.0
	for _, v := range x {
		hi = max(hi, v)
		positive += max(0, v)
	}
	for range 100 {
		if positive <= total {
			hi = 0
			break
		}
		mid, sum := (lo+hi)/2, 0.0
		for _, v := range x {
			sum += max(0, v-mid)
		}
		if sum > total {
			lo = mid
		} else {
			hi = mid
		}
	}
	sum := 0.0
	for i := range x {
		x[i] = max(0, x[i]-hi)
		sum += x[i]
	}
	for i := range x {
		if sum > 0 {
			x[i] *= total / sum
		} else {
			x[i] = total / float64(len(x))
		}
	}
}

// trim makes 0 the counts that noise alone may have made. Nearly all cells of a
// grid are empty, and one at its end would be far off: a count stays that is
// cellAlone standard deviations, and those around it as far as each is cellNear.
// Where that leaves much of total out, counts no further than cellReach from
// those stay that are cellFew; and where nothing is left, the greatest.
func trim(x []float64, sigma, total float64) {
	stays := make([]bool, len(x))
	keep := func(i int) {
		for _, step := range []int{-1, 1} {
			for k := i; k >= 0 && k < len(x) && (k == i || x[k] > cellNear*sigma); k += step {
				stays[k] = true
			}
		}
	}
	best, found := 0, 0.0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
		if v > cellAlone*sigma {
			keep(i)
		}
	}
	if len(x) > 0 && !stays[best] && x[best] > cellFew*sigma {
		keep(best)
	}
	for i, v := range x {
		if stays[i] {
			found += v
		}
	}
	sure := slices.Clone(stays)
	for i, v := range x {
		near := slices.Contains(sure[max(0, i-cellReach):min(len(x), i+cellReach+1)], true)
		if found < cellsHold*total && near && v > cellFew*sigma {
			keep(i)
		}
	}
	for i := range x {
		if !stays[i] {
			x[i] = 0
		}
	}
}

// In standard deviations of the noise, in cells, and of the total.
const (
	cellAlone = 4.2
	cellFew   = 2.4
	cellNear  = 1.0
	cellReach = 4
	cellsHold = .85
)

func sumOf(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

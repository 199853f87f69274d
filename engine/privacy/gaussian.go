package privacy

import (
	"fmt"
	"math"
	"math/big"
)

// DiscreteGaussian draws whole numbers k with chances in proportion to
// exp(-k²/2σ²), exactly. Added to sums of whole numbers its divergences are at
// most those of Gaussian noise of the same σ. Source: Canonne, Kamath and
// Steinke (2020), algorithms 2 and 3, theorem 14.
type DiscreteGaussian struct {
	noise *Noise
	scale uint64 // of the discrete Laplace that proposals are drawn from
	sigma float64

	num      *big.Int // σ² is num/den
	twice    *big.Int // 2 num scale² den
	denScale *big.Int // den*scale
}

// sigmaParts is how finely σ is rounded up, so that its square is a fraction.
const sigmaParts = 16

// NewDiscreteGaussian returns the distribution of standard deviation sigma
// (rounded up to a sixteenth). Sigma is to be at least 1/16 and below 2^40.
func NewDiscreteGaussian(n *Noise, sigma float64) (*DiscreteGaussian, error) {
	if !(sigma >= 1./sigmaParts && sigma < 1<<40) {
		return nil, fmt.Errorf("the noise's standard deviation is %g: want 1/%d to 2^40", sigma, sigmaParts)
	}
	parts := uint64(math.Ceil(sigma * sigmaParts))
	g := &DiscreteGaussian{noise: n, sigma: float64(parts) / sigmaParts, scale: parts/sigmaParts + 1}
	g.num = new(big.Int).SetUint64(parts)
	g.num.Mul(g.num, g.num)
	den, scale := big.NewInt(sigmaParts*sigmaParts), new(big.Int).SetUint64(g.scale)
	g.denScale = new(big.Int).Mul(den, scale)
	g.twice = new(big.Int).Mul(g.num, scale)
	g.twice.Mul(g.twice, scale)
	g.twice.Mul(g.twice, den).Lsh(g.twice, 1)
	return g, nil
}

// Sigma is the standard deviation of the noise as it is drawn, nearly: that of
// the continuous Gaussian whose divergences bound it.
func (g *DiscreteGaussian) Sigma() float64 { return g.sigma }

// Draw returns one number.
func (g *DiscreteGaussian) Draw() int64 {
	var d big.Int
	for {
		y, negative := g.laplace()
		// exp(-(|y| - σ²/scale)² / 2σ²), in whole numbers
		d.SetUint64(y)
		d.Mul(&d, g.denScale)
		d.Sub(&d, g.num)
		d.Mul(&d, &d)
		if g.noise.expChanceBig(&d, g.twice) {
			if negative {
				return -int64(y)
			}
			return int64(y)
		}
	}
}

// laplace draws a whole number with chances in proportion to exp(-|k|/scale).
func (g *DiscreteGaussian) laplace() (magnitude uint64, negative bool) {
	n := g.noise
	for {
		u := n.Below(g.scale)
		if !n.expChanceWithin(u, g.scale) {
			continue
		}
		var v uint64
		for n.expChanceWithin(1, 1) {
			v++
		}
		y := u + g.scale*v
		negative = n.word()&1 == 1
		if negative && y == 0 { // zero has one sign
			continue
		}
		return y, negative
	}
}

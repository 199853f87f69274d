package marginal

import (
	"math"

	"netshare/workspace/trace"
)

// grid is a public partition of numbers: cells, each of a number of parts. The
// zero value of the fields is that of reals.
//
// Ports have a cell each for the well-known ones and for every 4,096 others,
// with a part for each port. Numbers have a cell for nought and for each
// doubling, with 32 parts each; of whole numbers below 4,096, a part for each.
type grid struct {
	Ports bool
	Whole bool
	// Scale is what numbers with few decimals are whole after being multiplied
	// by, where Whole; 0 for 1.
	Scale float64
	// Low and High bound the numbers where High is above Low: others count as
	// the bound.
	Low, High float64
}

// allows reports whether any number may be in a cell.
func (g *grid) allows(cell int32) bool {
	if g.Ports || cell == 0 {
		return true
	}
	if g.Whole && g.octave(cell) < 0 {
		return false
	}
	if g.High <= g.Low {
		return true
	}
	lo, hi := g.bounds(cell, 0, g.parts(cell))
	if cell > octaves {
		lo, hi = -hi, -lo
	}
	return hi > g.Low && lo <= g.High
}

const (
	leastOctave = -30 // of reals: smaller ones are nought
	mostOctave  = 62
	octaves     = mostOctave - leastOctave + 1
	octaveParts = 32
	exactOctave = 11 // whole numbers up to this doubling have a part each
	portRange   = 4096
)

// cells is the number of cells.
func (g *grid) cells() int {
	if g.Ports {
		return 1 + 1<<16/portRange
	}
	return 1 + 2*octaves
}

// parts is the number of parts of a cell.
func (g *grid) parts(cell int32) int32 {
	switch {
	case g.Ports && cell == 0:
		return 1024
	case g.Ports && cell == 1:
		return portRange - 1024
	case g.Ports:
		return portRange
	case cell == 0:
		return 1
	}
	e := g.octave(cell)
	if g.Whole && e <= exactOctave {
		return int32(1) << max(0, e)
	}
	return octaveParts
}

// octave is the doubling of a cell other than nought's.
func (g *grid) octave(cell int32) int { return leastOctave + int(cell-1)%octaves }

// find returns the cell and part of a number.
func (g *grid) find(x float64) (cell, part int32) {
	if g.Ports {
		p := int32(min(max(x, 0), 65535))
		switch {
		case p < 1024:
			return 0, p
		case p < portRange:
			return 1, p - 1024
		}
		return 1 + p/portRange, p % portRange
	}
	if g.High > g.Low {
		x = min(max(x, g.Low), g.High)
	}
	m := math.Abs(x) * g.scale()
	if g.Whole {
		m = math.Round(m)
	}
	if m == 0 || m < math.Ldexp(1, leastOctave) {
		return 0, 0
	}
	fraction, e := math.Frexp(m) // m = fraction 2^e, fraction in [.5, 1)
	e--
	if e > mostOctave {
		e, fraction = mostOctave, 1-1e-9
	}
	cell = int32(1 + e - leastOctave)
	if x < 0 {
		cell += octaves
	}
	n := g.parts(cell)
	return cell, min(n-1, int32((2*fraction-1)*float64(n)))
}

func (g *grid) scale() float64 {
	if g.Scale == 0 {
		return 1
	}
	return g.Scale
}

// bounds returns the numbers of neighbouring parts of a cell: those from lo up
// to, but not, hi in their absolute value.
func (g *grid) bounds(cell, part, count int32) (lo, hi float64) {
	lo, hi = g.scaled(cell, part, count)
	return lo / g.scale(), hi / g.scale()
}

// scaled returns the bounds multiplied by the scale.
func (g *grid) scaled(cell, part, count int32) (lo, hi float64) {
	if g.Ports {
		base := float64(cell-1) * portRange
		switch cell {
		case 0:
			base = 0
		case 1:
			base = 1024
		}
		return base + float64(part), base + float64(part+count)
	}
	if cell == 0 {
		return 0, 0
	}
	n := float64(g.parts(cell))
	base := math.Ldexp(1, g.octave(cell))
	return base * (1 + float64(part)/n), base * (1 + float64(part+count)/n)
}

// draw returns a number of neighbouring parts of a cell, u being from 0 to 1.
func (g *grid) draw(cell, part, count int32, u float64) float64 {
	lo, hi := g.scaled(cell, part, count)
	x := lo + u*(hi-lo)
	if g.Whole || g.Ports {
		if x = math.Floor(x); x < lo {
			x++
		}
	}
	x /= g.scale()
	if !g.Ports && cell > octaves {
		x = -x
	}
	if g.High > g.Low {
		x = min(max(x, g.Low), g.High)
	}
	return x
}

// order is a number that grows with the numbers of the parts.
func (g *grid) order(cell, part int32) float64 {
	if g.Ports {
		lo, _ := g.bounds(cell, part, 1)
		return lo
	}
	switch {
	case cell == 0:
		return 0
	case cell > octaves:
		return -(float64(cell-octaves) + float64(part)/float64(g.parts(cell)))
	}
	return float64(cell) + float64(part)/float64(g.parts(cell))
}

// What of noise is taken for a value of its own: a part whose count is so many
// standard deviations above 0. Of 4,096 parts with nothing in them, one in
// thirty times one is.
const (
	partLeast = 4.3
	cellLeast = 3.0
	maxBlocks = 8 // of a cell
	fineLeast = 15
)

// fitGrid learns an attribute over a grid: counts of cells, then of blocks of the
// parts of cells that hold enough, then of the parts of blocks that do. Values that are no numbers, as names of ports, are
// learnt as words.
func (f *fitter) fitGrid(a *attribute, values []weighted, rho float64) error {
	g := a.Grid
	n := g.cells()
	exact := make([]int64, n+2) // then missing, then words
	var texts []weighted
	for _, v := range values {
		switch v.value.kind {
		case parts:
			exact[v.value.cell] += v.weight
		case word:
			exact[n+1] += v.weight
			texts = append(texts, v)
		default:
			exact[n] += v.weight
		}
	}
	// The finer two of three levels are for noise that leaves something of them.
	share := rho / 3
	if sigma := multiplier(share) * f.look.options.sensitivity(); f.sessions < fineLeast*sigma {
		share = rho
	}
	coarse, sigma, err := f.look.counts("column "+a.Def.Name+": ranges", share, 1, exact)
	if err != nil {
		return err
	}
	named := a.Type == trace.TypeText && share < rho && coarse[n+1] > cellLeast*sigma
	if !named {
		coarse = coarse[:n+1]
	}
	held := f.sessions
	for i := n; i < len(coarse); i++ {
		if coarse[i] < cellLeast*sigma {
			coarse[i] = 0
		}
		held -= coarse[i]
	}
	for i := range n {
		if !g.allows(int32(i)) {
			coarse[i] = 0
		}
	}
	trim(coarse[:n], sigma, held-cellAlone*sigma)
	settle(coarse, f.sessions)
	rest := rho - share
	if named {
		rest -= share / 2
		if err := f.fitWords(a, texts, nil, share/2, coarse[n+1]); err != nil {
			return err
		}
	}
	a.Leaves = append(a.Leaves, leaf{Kind: missing, Mass: coarse[n]})
	if share == rho {
		for cell, m := range coarse[:n] {
			a.Leaves = append(a.Leaves, leaf{Kind: parts, Cell: int32(cell), Subs: g.parts(int32(cell)), Mass: m})
		}
		return nil
	}
	return f.fitParts(a, values, rest, coarse[:n])
}

// Of reals it is learnt how many decimals they have, where noise leaves that
// something: the least number that nearly all have no more than.
const (
	decimalsShare = .05 // of the column's budget
	decimalsMost  = 3
	decimalsHold  = .95 // of the sessions
	decimalsLeast = 10  // sessions over the noise's standard deviation
)

// fitDecimals makes a grid of reals one of whole numbers, scaled, where they have
// few decimals, and returns what is left of rho.
func (f *fitter) fitDecimals(a *attribute, values []weighted, rho float64) (float64, error) {
	g := a.Grid
	share := rho * decimalsShare
	reals := a.Def.Kind == trace.KindReal && a.Type != trace.TypeInt && !g.Whole && !g.Ports
	if !reals || f.sessions < decimalsLeast*multiplier(share)*f.look.options.sensitivity() {
		return rho, nil
	}
	exact := make([]int64, decimalsMost+2) // then those with more
	for _, v := range values {
		if v.value.kind == parts {
			exact[decimals(v.value.number)] += v.weight
		}
	}
	noised, _, err := f.look.counts("column "+a.Def.Name+": decimals", share, 1, exact)
	if err != nil {
		return 0, err
	}
	held, all := 0.0, sumOf(noised)
	for d, n := range noised[:decimalsMost+1] {
		if held += n; held > decimalsHold*all {
			if g.Whole = true; d > 0 {
				g.Scale = math.Pow10(d)
			}
			break
		}
	}
	return rho - share, nil
}

// decimals is how many decimals a number has, decimalsMost+1 for more.
func decimals(x float64) int {
	for d := range decimalsMost + 1 {
		if y := x * math.Pow10(d); math.Abs(y-math.Round(y)) <= 1e-9*max(1, math.Abs(y)) {
			return d
		}
	}
	return decimalsMost + 1
}

// blocks is the number of blocks of a cell, and block the one of a part; a
// block's parts begin at from(block).
func (g *grid) blocks(cell int32) int32 { return min(maxBlocks, g.parts(cell)) }

func (g *grid) block(cell, part int32) int32 { return part * g.blocks(cell) / g.parts(cell) }

func (g *grid) from(cell, block int32) int32 {
	n := g.blocks(cell)
	return (block*g.parts(cell) + n - 1) / n
}

// numbering numbers what is counted of some cells, one after the other.
type numbering struct {
	first []int // of each cell, -1 where it is not counted
	total int
}

func (n *numbering) add(counts bool, size int32) {
	if !counts {
		n.first = append(n.first, -1)
		return
	}
	n.first = append(n.first, n.total)
	n.total += int(size)
}

// fitParts learns the parts of the cells that hold anything, whose masses are
// known: how many values are in each block of them, then which parts of the
// blocks stand out.
func (f *fitter) fitParts(a *attribute, values []weighted, rho float64, masses []float64) error {
	g := a.Grid
	var blocks numbering
	for cell, m := range masses {
		blocks.add(m > 0 && g.parts(int32(cell)) > 1, g.blocks(int32(cell)))
		if m > 0 && g.parts(int32(cell)) == 1 {
			a.Leaves = append(a.Leaves, leaf{Kind: parts, Cell: int32(cell), Subs: 1, Mass: m})
		}
	}
	if blocks.total == 0 {
		return nil
	}
	exact := make([]int64, blocks.total)
	for _, v := range values {
		if c := v.value.cell; v.value.kind == parts && blocks.first[c] >= 0 {
			exact[blocks.first[c]+int(g.block(c, v.value.sub))] += v.weight
		}
	}
	coarse, sigma, err := f.look.counts("column "+a.Def.Name+": narrower ranges", rho/2, 1, exact)
	if err != nil {
		return err
	}
	var fine numbering // of blocks
	for cell, m := range masses {
		if blocks.first[cell] < 0 {
			continue
		}
		c, n := int32(cell), g.blocks(int32(cell))
		settle(coarse[blocks.first[cell]:blocks.first[cell]+int(n)], m)
		for b := range n {
			size := g.from(c, b+1) - g.from(c, b)
			fine.add(size > 1 && coarse[blocks.first[cell]+int(b)] > partLeast*sigma, size)
		}
	}
	var noised []float64
	if fine.total > 0 {
		exact = make([]int64, fine.total)
		for _, v := range values {
			c := v.value.cell
			if v.value.kind != parts || blocks.first[c] < 0 {
				continue
			}
			b := g.block(c, v.value.sub)
			if at := fine.first[blocks.first[c]+int(b)]; at >= 0 {
				exact[at+int(v.value.sub-g.from(c, b))] += v.weight
			}
		}
		if noised, sigma, err = f.look.counts("column "+a.Def.Name+": values", rho/2, 1, exact); err != nil {
			return err
		}
	}
	for cell := range masses {
		if blocks.first[cell] < 0 {
			continue
		}
		c := int32(cell)
		for b := range g.blocks(c) {
			at := blocks.first[cell] + int(b)
			l := leaf{Kind: parts, Cell: c, Sub: g.from(c, b), Subs: g.from(c, b+1) - g.from(c, b), Mass: coarse[at]}
			if fine.first[at] < 0 {
				a.Leaves = append(a.Leaves, l)
				continue
			}
			a.Leaves = append(a.Leaves, l.split(noised[fine.first[at]:fine.first[at]+int(l.Subs)], sigma)...)
		}
	}
	return nil
}

// split parts a block into the parts that stand out and what is left of it.
func (l leaf) split(fine []float64, sigma float64) []leaf {
	var out []leaf
	var own []float64
	for i, x := range fine {
		if x > partLeast*sigma {
			own = append(own, x)
			out = append(out, leaf{Kind: parts, Cell: l.Cell, Sub: l.Sub + int32(i), Subs: 1})
		}
	}
	left := l.Mass - sumOf(own)
	if len(own) == len(fine) || len(own) > 0 && left < cellLeast*sigma {
		left = 0
		settle(own, l.Mass)
	}
	for i := range own {
		out[i].Mass = own[i]
	}
	if left > 0 {
		l.Mass = left
		out = append(out, l)
	}
	return out
}

func (g *grid) value(x float64) cellValue {
	v := cellValue{kind: parts, number: x}
	v.cell, v.sub = g.find(x)
	return v
}

package calibrate

// table counts a pair of columns, and knows how many there should be.
type table struct {
	a, b   int
	next   bool
	width  int       // bins of b
	have   []float32 // [bins of a, bins of b], as want, weight and more
	want   []float32
	weight []float32
	// more is the change of the squared residuals by one more row in a cell; by n
	// of them it is n more + n (n-1) weight.
	more []float32
	// The same as [bins of b, bins of a].
	weightT, moreT []float32
	turned         []int32 // place of each cell in them
}

// count adds the table of a pair of columns with so many bins.
func (c *coupling) count(p Pair, a, b int) {
	all := make([]float32, 6*a*b)
	part := func(i int) []float32 { return all[i*a*b : (i+1)*a*b : (i+1)*a*b] }
	t := table{
		a: p.A, b: p.B, next: p.Next, width: b, turned: make([]int32, a*b),
		have: part(0), want: part(1), weight: part(2), more: part(3), weightT: part(4), moreT: part(5),
	}
	rows := 0
	for r := range c.rows {
		if i, ok := c.at(&t, int32(r)); ok {
			t.have[i]++
			rows++
		}
	}
	for i, share := range p.Share {
		t.want[i] = share * float32(rows)
		t.weight[i] = 1 / (p.Cluster*t.want[i] + 1)
		t.turned[i] = int32(i%b*a + i/b)
		t.weightT[t.turned[i]] = t.weight[i]
		t.add(i, 0)
	}
	c.tables = append(c.tables, t)
}

// add counts n more rows in a cell.
func (t *table) add(i int, n float32) {
	t.have[i] += n
	v := t.weight[i] * (2*(t.have[i]-t.want[i]) + 1)
	t.more[i], t.moreT[t.turned[i]] = v, v
}

// residual is the mean squared residual of the cells that occur on either side,
// excess the sum of its part beyond noise, and n how many such cells there are.
func (t *table) residual() (mean, excess float64, n int) {
	var sum float64
	for i, have := range t.have {
		if have > 0 || t.want[i] > .5 {
			n++
		}
		d := float64(have - t.want[i])
		sum += d * d * float64(t.weight[i])
	}
	if n == 0 {
		return 0, 0, 0
	}
	return sum / float64(n), max(0, sum-noise*float64(n)), n
}

// side is a table as one of its two columns, its own, sees it: of each bin of the
// other column a row over the own bins.
type side struct {
	t            *table
	other        int   // column
	beside       int32 // the other's row less the own one: 0, or 1 and -1 of successive records
	width        int   // own bins
	more, weight []float32
	whole        bool // the other column is the same in all of a session
}

// see adds the sides of a table to the columns that can be moved.
func (c *coupling) see(t *table) {
	height := len(t.have) / t.width
	a, b := c.g.Columns[t.a].Unit, c.g.Columns[t.b].Unit
	var ahead int32
	if t.next {
		ahead = 1
	}
	if a >= 0 {
		c.sides[t.a] = append(c.sides[t.a], side{t: t, other: t.b, beside: ahead, width: height, more: t.moreT, weight: t.weightT, whole: c.whole(t.b)})
	}
	if b >= 0 {
		c.sides[t.b] = append(c.sides[t.b], side{t: t, other: t.a, beside: -ahead, width: t.width, more: t.more, weight: t.weight, whole: c.whole(t.a)})
	}
}

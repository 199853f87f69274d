package calibrate

// least is the change of the squared residuals below which it is rounding.
const least = -1e-6

// scored bounds the records of a session that better looks at.
const scored = 8

// better draws a bin of a column that would suit a record or session better than
// its own, if only that changed, by how much it would; -1 where there is none.
func (c *seeker) better(u *Unit, e int32, column int) int {
	score := c.score[:c.g.Columns[column].Size]
	defer clear(score) // as change needs it
	lo, hi := c.span(u, e)
	p := int(c.row(lo)[column])
	each := 1 + (hi-lo-1)/scored
	var own float32
	beside := c.beside[:0]
	for i := range c.sides[column] {
		s := &c.sides[column][i]
		for r := lo; r < hi; r += each {
			if s.beside < 0 && !c.follows(r) || s.beside > 0 && !c.follows(r+1) {
				continue
			}
			at := int(c.row(r + s.beside)[s.other]) * s.width
			own += s.more[at+p]
			own -= 2 * s.weight[at+p]
			beside = append(beside, s.more[at:at+len(score)])
		}
	}
	c.beside = beside
	sum(score, beside)
	score[p] = own
	var total float32
	for x, v := range score {
		if v < own && len(c.byBin[column][x]) > 0 {
			total += own - v
		}
	}
	if total == 0 {
		return -1
	}
	v := c.r.Float32() * total
	best := -1
	for x, w := range score {
		if w < own && len(c.byBin[column][x]) > 0 {
			best = x
			if v -= own - w; v < 0 {
				break
			}
		}
	}
	return best
}

// sum adds rows to score, one after the other, four in each pass over it.
func sum(score []float32, rows [][]float32) {
	for ; len(rows) >= 4; rows = rows[4:] {
		a, b, c, d := rows[0][:len(score)], rows[1][:len(score)], rows[2][:len(score)], rows[3][:len(score)]
		for x, v := range score {
			score[x] = v + a[x] + b[x] + c[x] + d[x]
		}
	}
	for _, row := range rows {
		row = row[:len(score)]
		for x, v := range score {
			score[x] = v + row[x]
		}
	}
}

// change is what exchanging a unit between two records or sessions would change
// the squared residuals by.
func (c *seeker) change(unit int, u *Unit, e, f int32) (change float32) {
	lo, hi := c.span(u, e)
	from, to := c.span(u, f)
	x, y := c.row(lo), c.row(from)
	if int(from) >= c.rows { // its rows are not counted
		to = from
	}
	n, m := float32(hi-lo), float32(to-from)
	one := n == 1 && m <= 1
	for _, k := range c.columns[unit] {
		p, q := int(x[k]), int(y[k])
		if p == q {
			continue
		}
		for i := range c.sides[k] {
			s := &c.sides[k][i]
			switch {
			case s.beside > 0:
				change += c.successive(s.t, e, f)
			case s.beside < 0: // the same table
			case one || s.whole:
				a, b := int(x[s.other])*s.width, int(y[s.other])*s.width
				switch {
				case a == b:
					change += s.from(a, p, q, n-m)
				case m == 0:
					change += s.from(a, p, q, n)
				default:
					change += s.from(a, p, q, n) + s.from(b, q, p, m)
				}
			default:
				for r := lo; r < hi; r++ {
					c.score[c.row(r)[s.other]]++
				}
				for r := from; r < to; r++ {
					c.score[c.row(r)[s.other]]--
				}
				change += c.settle(s, lo, hi, p, q) + c.settle(s, from, to, p, q)
			}
		}
	}
	return change
}

// from is the change by n rows that go from own bin p to q, beside those at a.
func (s *side) from(a, p, q int, n float32) float32 {
	more, weight := s.more[a:], s.weight[a:]
	if n == 1 {
		return more[q] - more[p] + 2*weight[p]
	}
	return n*(more[q]-more[p]) + n*((n-1)*weight[q]+(n+1)*weight[p])
}

// settle is the change where as many rows go from own bin p to q as score has of
// each of the other bins of some rows, which it clears.
func (c *seeker) settle(s *side, lo, hi int32, p, q int) (change float32) {
	for r := lo; r < hi; r++ {
		o := int(c.bins[int(r)*c.stride+s.other])
		if n := c.score[o]; n != 0 {
			c.score[o] = 0
			a := o * s.width
			change += s.from(a, p, q, n)
		}
	}
	return change
}

// successive is the change of a table of successive records if two of them, that
// are not beside each other, exchanged their bins.
func (c *coupling) successive(t *table, e, f int32) (change float32) {
	var cells [8]struct {
		i int
		n float32
	}
	k := 0
	count := func(a, b uint16, n float32) {
		i := int(a)*t.width + int(b)
		for j := range k {
			if cells[j].i == i {
				cells[j].n += n
				return
			}
		}
		cells[k].i, cells[k].n = i, n
		k++
	}
	x, y := c.row(e)[t.a], c.row(f)[t.a]
	for _, z := range []struct {
		row      int32
		old, new uint16
	}{{e, x, y}, {f, y, x}} {
		if int(z.row) >= c.rows {
			break
		}
		if c.follows(z.row) {
			before := c.row(z.row - 1)[t.a]
			count(before, z.old, -1)
			count(before, z.new, 1)
		}
		if c.follows(z.row + 1) {
			after := c.row(z.row + 1)[t.a]
			count(z.old, after, -1)
			count(z.new, after, 1)
		}
	}
	for _, z := range cells[:k] {
		change += z.n*t.more[z.i] + z.n*(z.n-1)*t.weight[z.i]
	}
	return change
}

// follows says whether there is a row and one before it in its session.
func (c *coupling) follows(row int32) bool {
	return row > 0 && int(row) < len(c.session) && c.session[row] == c.session[row-1]
}

// move exchanges a unit between two records or sessions.
func (c *coupling) move(unit int, u *Unit, e, f int32) {
	lo, hi := c.span(u, e)
	from, to := c.span(u, f)
	for _, k := range c.columns[unit] {
		p, q := c.row(lo)[k], c.row(from)[k]
		if p == q {
			continue
		}
		c.tell(k, lo, hi, -1)
		c.tell(k, from, to, -1)
		for r := lo; r < hi; r++ {
			c.row(r)[k] = q
		}
		for r := from; r < to; r++ {
			c.row(r)[k] = p
		}
		c.tell(k, lo, hi, 1)
		c.tell(k, from, to, 1)
	}
}

// tell adds the rows of a record or session to the tables of a column, or takes
// them away.
func (c *coupling) tell(column int, lo, hi int32, n float32) {
	if int(lo) >= c.rows {
		return
	}
	for i := range c.sides[column] {
		s := &c.sides[column][i]
		if s.whole {
			if k, ok := c.at(s.t, lo); ok {
				s.t.add(k, n*float32(hi-lo))
			}
			continue
		}
		for r := lo; r < hi; r++ {
			if s.beside < 0 && r == 0 {
				continue
			}
			if k, ok := c.at(s.t, r+min(s.beside, 0)); ok {
				s.t.add(k, n)
			}
		}
	}
}

// relist exchanges two records or sessions in the lists of their unit's
// columns.
func (c *coupling) relist(unit int, u *Unit, e, f int32) {
	for _, k := range c.columns[unit] {
		ofE, ofF := c.byBin[k][c.bin(u, f, k)], c.byBin[k][c.bin(u, e, k)] // before
		p, q := c.place[k][e], c.place[k][f]
		ofE[p], ofF[q] = f, e
		c.place[k][e], c.place[k][f] = q, p
	}
}

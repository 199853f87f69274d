package calibrate

// try exchanges a unit between two records or sessions and keeps it where the
// pairs come closer.
func (c *coupling) try(unit int, u *Unit, e, f int32) bool {
	if e == f || !u.PerSession && (e == f+1 || f == e+1) {
		return false
	}
	if c.size(u, e) == 1 && c.size(u, f) == 1 {
		x, y := c.first(u, e), c.first(u, f)
		if c.within(unit, x, y)+c.between(unit, x, y) >= least || !c.exchange(unit, int(e), int(f)) {
			return false
		}
		c.move(unit, u, e, f)
	} else if c.move(unit, u, e, f) >= least || !c.exchange(unit, int(e), int(f)) {
		c.move(unit, u, e, f)
		return false
	}
	c.exchanged++
	c.relist(unit, u, e, f)
	return true
}

// least is the change of the squared residuals below which it is rounding.
const least = -1e-6

// size is how many rows a record or session has.
func (c *coupling) size(u *Unit, e int32) int {
	if u.PerSession {
		return int(c.g.Sessions[e+1] - c.g.Sessions[e])
	}
	return 1
}

// within returns the change of the squared residuals of the pairs within a row
// if the unit's values of two rows were exchanged.
func (c *coupling) within(unit int, e, f int32) (change float32) {
	for _, k := range c.of[unit] {
		t := &c.tables[k]
		if t.next {
			continue
		}
		a, b := c.g.Columns[t.a].Bins, c.g.Columns[t.b].Bins
		if a[e] == a[f] || b[e] == b[f] {
			continue
		}
		x, y := int(a[e])*t.width, int(a[f])*t.width
		change += t.cells[x+int(b[e])].change(-1) + t.cells[y+int(b[f])].change(-1) +
			t.cells[x+int(b[f])].change(1) + t.cells[y+int(b[e])].change(1)
	}
	return change
}

// between returns the change of those between a row and the next.
func (c *coupling) between(unit int, e, f int32) (change float32) {
	for _, k := range c.of[unit] {
		t := &c.tables[k]
		if !t.next {
			continue
		}
		bins := c.g.Columns[t.a].Bins
		if bins[e] == bins[f] {
			continue
		}
		change += c.beside(t, e, -1) + c.beside(t, f, -1)
		bins[e], bins[f] = bins[f], bins[e]
		change += c.beside(t, e, 1) + c.beside(t, f, 1)
		c.beside(t, e, -1)
		c.beside(t, f, -1)
		bins[e], bins[f] = bins[f], bins[e]
		c.beside(t, e, 1)
		c.beside(t, f, 1)
	}
	return change
}

// beside counts a row with the one before and the one after.
func (c *coupling) beside(t *table, row int32, by float32) (change float32) {
	for k := max(row-1, 0); k <= row; k++ {
		if i, ok := c.at(t, k); ok {
			change += t.cells[i].change(by)
			t.cells[i].have += by
		}
	}
	return change
}

// change is what adding by rows would do to the squared residual.
func (x *cell) change(by float32) float32 { return x.weight * by * (2*(x.have-x.want) + by) }

// move exchanges a unit between two records or sessions and returns the change
// of the squared residuals. Done twice it is undone.
func (c *coupling) move(unit int, u *Unit, e, f int32) float32 {
	change := c.count(unit, u, e, -1) + c.count(unit, u, f, -1)
	c.swap(unit, u, e, f)
	return change + c.count(unit, u, e, 1) + c.count(unit, u, f, 1)
}

// count adds the rows of a record or session to the tables of its unit, or
// takes them away, and returns the change of their squared residuals.
func (c *coupling) count(unit int, u *Unit, e int32, by float32) (change float32) {
	lo, hi := e, e+1
	if u.PerSession {
		lo, hi = c.g.Sessions[e], c.g.Sessions[e+1]
	}
	for _, k := range c.of[unit] {
		t := &c.tables[k]
		from := lo
		if t.next && lo > 0 {
			from--
		}
		for row := from; row < hi; row++ {
			i, ok := c.at(t, row)
			if !ok {
				continue
			}
			change += t.cells[i].change(by)
			t.cells[i].have += by
		}
	}
	return change
}

func (c *coupling) swap(unit int, u *Unit, e, f int32) {
	for _, k := range c.columns[unit] {
		bins := c.g.Columns[k].Bins
		if !u.PerSession {
			bins[e], bins[f] = bins[f], bins[e]
			continue
		}
		x, y := bins[c.g.Sessions[e]], bins[c.g.Sessions[f]]
		fill(bins[c.g.Sessions[e]:c.g.Sessions[e+1]], y)
		fill(bins[c.g.Sessions[f]:c.g.Sessions[f+1]], x)
	}
}

func fill(bins []uint16, with uint16) {
	for i := range bins {
		bins[i] = with
	}
}

// relist exchanges two records or sessions in the lists of their unit's
// columns.
func (c *coupling) relist(unit int, u *Unit, e, f int32) {
	for _, k := range c.columns[unit] {
		col := &c.g.Columns[k]
		ofE, ofF := c.byBin[k][col.Bins[c.first(u, f)]], c.byBin[k][col.Bins[c.first(u, e)]] // before
		p, q := c.place[k][e], c.place[k][f]
		ofE[p], ofF[q] = f, e
		c.place[k][e], c.place[k][f] = q, p
	}
}

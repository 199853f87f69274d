package tableio

import (
	"bytes"
	"strconv"
)

// filling is how the values of a column are filled up with blanks; each of its
// forms lives as long as every value so far is written like that.
type filling struct {
	started           bool
	right, left, lead bool
	width, blanks     int // of all cells; before the value
}

// add takes in a cell as it stands in the file.
func (f *filling) add(cell []byte) {
	before := len(cell) - len(bytes.TrimLeft(cell, " "))
	after := len(cell) - len(bytes.TrimRight(cell, " "))
	if before == len(cell) { // nothing but blanks is a missing value, on either side
		if f.started {
			f.right, f.left = f.right && len(cell) == f.width, f.left && len(cell) == f.width
			f.lead = f.lead && before == f.blanks
			return
		}
		*f = filling{started: true, right: true, left: true, lead: true, width: len(cell), blanks: before}
		return
	}
	if !f.started {
		*f = filling{started: true, right: true, left: true, lead: true, width: len(cell), blanks: before}
	}
	f.right = f.right && after == 0 && len(cell) == f.width
	f.left = f.left && before == 0 && len(cell) == f.width
	f.lead = f.lead && after == 0 && before == f.blanks
}

func (f *filling) merge(o *filling) {
	switch {
	case !o.started:
	case !f.started:
		*f = *o
	default:
		same := f.width == o.width
		f.right, f.left = f.right && o.right && same, f.left && o.left && same
		f.lead = f.lead && o.lead && f.blanks == o.blanks
	}
}

// name is the filling as Column.Format has it, "" for none or none that is
// regular.
func (f *filling) name() string {
	switch {
	case !f.started:
		return ""
	case f.lead && f.blanks == 0:
		return ""
	case f.lead && (f.blanks == 1 || !f.right):
		return "lead=" + strconv.Itoa(f.blanks)
	case f.right:
		return "width=" + strconv.Itoa(f.width)
	case f.left:
		return "width=-" + strconv.Itoa(f.width)
	}
	return ""
}

// trimmed is a cell without the blanks that fill it up.
func trimmed(cell []byte) []byte { return bytes.Trim(cell, " ") }

// maxWidth bounds how far a column's Format can have cells filled up.
const maxWidth = 1000

// fill appends a cell filled up as the form says.
func (f *form) fill(dst, cell []byte) []byte {
	blanks := func(n int) {
		for range min(n, maxWidth) {
			dst = append(dst, ' ')
		}
	}
	blanks(max(f.lead, f.width-len(cell)))
	dst = append(dst, cell...)
	blanks(-f.width - len(cell))
	return dst
}

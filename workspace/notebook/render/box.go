package render

import (
	"bufio"
	"fmt"
	"strings"
)

// box is a table laid out with lines around it.
type box struct {
	names, types []string // types nil where they are not shown
	right        []bool
	head, tail   [][]string // of the rows that are shown
	rows         int64
	widths       []int // of the cells of each column
	total        int   // how wide the table may be, 0 for any width
	shown        []int // the columns shown, -1 for the one that stands for those left out
}

// renderBox writes a result in mode duckbox or box.
func renderBox(out *bufio.Writer, r Result, style Style) (int64, error) {
	b := &box{}
	for i, name := range r.Columns() {
		b.names = append(b.names, Harmless(name))
		typ := r.Types()[i]
		b.right = append(b.right, IsNumeric(typ))
		if style.Mode != ModeBox {
			b.types = append(b.types, Harmless(TypeName(typ)))
		}
	}
	limit := style.MaxRows
	if style.Mode == ModeBox {
		limit, style.Width = 0, 0
	}
	types, null := r.Types(), style.null()
	rows, err := Each(r, func(n int64, row []any) error {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = Harmless(ValueText(v, types[i], null))
		}
		b.keep(n, cells, limit)
		return nil
	})
	b.rows = rows
	if err != nil && rows == 0 {
		return rows, err
	}
	b.unroll(limit)
	if len(b.names) > 0 {
		b.fit(style.Width)
		b.write(out)
	}
	return rows, err
}

// keep takes a row: all up to the limit, then the last ones in a ring.
func (b *box) keep(n int64, cells []string, limit int) {
	if limit <= 0 || n < int64(limit) {
		b.head = append(b.head, cells)
		return
	}
	last := limit / 2
	if last == 0 {
		return
	}
	if len(b.tail) < last {
		b.tail = append(b.tail, cells)
	} else {
		b.tail[(n-int64(limit))%int64(last)] = cells
	}
}

// unroll puts the last rows in order, so that the first half of the limit and
// the second half are left.
func (b *box) unroll(limit int) {
	over := b.rows - int64(len(b.head))
	last := limit / 2
	if over <= 0 {
		return
	}
	first := limit - last
	var tail [][]string
	if over < int64(last) { // some of the last are still in head
		tail = append(tail, b.head[int64(limit)-int64(last)+over:]...)
		tail = append(tail, b.tail...)
	} else if last > 0 {
		at := int(over % int64(last))
		tail = append(append(tail, b.tail[at:]...), b.tail[:at]...)
	}
	b.head, b.tail = b.head[:first], tail
}

// width is that of a shown column.
func (b *box) width(i int) int {
	if i < 0 {
		return 1
	}
	return b.widths[i]
}

// write writes the table.
func (b *box) write(out *bufio.Writer) {
	notes := b.notes()
	b.widen(notes)
	b.rule(out, "┌", "┬", "┐")
	b.row(out, b.names, centre)
	if b.types != nil {
		b.row(out, b.types, centre)
	}
	if len(b.head)+len(b.tail) > 0 || notes == nil {
		b.rule(out, "├", "┼", "┤")
	}
	for _, row := range b.head {
		b.row(out, row, b.alignment)
	}
	if b.elided() {
		dots := make([]string, len(b.names))
		for i := range dots {
			dots[i] = "·"
		}
		for range 3 {
			b.row(out, dots, b.alignment)
		}
		for _, row := range b.tail {
			b.row(out, row, b.alignment)
		}
	}
	if notes == nil {
		b.rule(out, "└", "┴", "┘")
		return
	}
	b.footer(out, notes)
}

// inner is the width of the table without its sides.
func (b *box) inner() int {
	inner := -1
	for _, i := range b.shown {
		inner += b.width(i) + 3
	}
	return inner
}

// widen makes room for the footer in the last column shown, as far as the
// table may be that wide.
func (b *box) widen(notes []string) {
	last := len(b.shown) - 1
	if b.shown[last] < 0 {
		last--
	}
	for _, note := range notes {
		more := Width(note) + 2 - b.inner()
		if b.total > 0 {
			more = min(more, b.total-2-b.inner())
		}
		b.widths[b.shown[last]] += max(0, more)
	}
}

func (b *box) elided() bool { return b.rows > int64(len(b.head)) }

// notes is what the footer says, nil for no footer.
func (b *box) notes() []string {
	var notes []string
	noun := func(n int64, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%s %ss", Thousands(n), what)
	}
	hidden := len(b.shown) != len(b.names) || len(b.names) > 0 && b.shown[len(b.shown)/2] < 0
	switch {
	case b.elided():
		notes = append(notes, fmt.Sprintf("%s (%d shown)", noun(b.rows, "row"), len(b.head)+len(b.tail)))
	case b.rows == 0 || b.rows >= 10 || hidden:
		notes = append(notes, noun(b.rows, "row"))
	}
	if hidden {
		shown := 0
		for _, i := range b.shown {
			if i >= 0 {
				shown++
			}
		}
		notes = append(notes, fmt.Sprintf("%s (%d shown)", noun(int64(len(b.names)), "column"), shown))
	}
	return notes
}

// footer writes the notes in a box below the table, side by side where there
// is room.
func (b *box) footer(out *bufio.Writer, notes []string) {
	inner := b.inner()
	b.rule(out, "├", "┴", "┤")
	if gap := inner - 2 - Width(strings.Join(notes, "")); len(notes) == 2 && gap >= 2 {
		notes = []string{notes[0] + strings.Repeat(" ", gap) + notes[1]}
	}
	for _, note := range notes {
		out.WriteString("│ " + Pad(Clip(note, inner-2), inner-2, -1) + " │\n")
	}
	out.WriteString("└" + strings.Repeat("─", inner) + "┘\n")
}

// rule writes a line between rows.
func (b *box) rule(out *bufio.Writer, left, mid, right string) {
	parts := make([]string, len(b.shown))
	for k, i := range b.shown {
		parts[k] = strings.Repeat("─", b.width(i)+2)
	}
	out.WriteString(left + strings.Join(parts, mid) + right + "\n")
}

func centre(int) int { return 0 }

// alignment is -1 for a column whose values stand at the left, 1 at the right.
func (b *box) alignment(i int) int {
	if b.right[i] {
		return 1
	}
	return -1
}

// row writes a row of cells.
func (b *box) row(out *bufio.Writer, cells []string, align func(int) int) {
	for _, i := range b.shown {
		cell, at := "…", 0
		if i >= 0 {
			cell, at = Clip(cells[i], b.width(i)), align(i)
		}
		out.WriteString("│ " + Pad(cell, b.width(i), at) + " ")
	}
	out.WriteString("│\n")
}

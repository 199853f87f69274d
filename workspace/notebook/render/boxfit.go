package render

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// narrowest is how far a wide column may be cut before columns are left out.
const narrowest = 20

// Width is how many character cells of a terminal a text takes.
func Width(s string) int { return uniseg.StringWidth(s) }

// fit chooses the columns to show and their widths, so that the table is at
// most total cells wide: first it cuts wide columns, then it leaves columns
// out of the middle.
func (b *box) fit(total int) {
	b.total = total
	natural := make([]int, len(b.names))
	for i := range b.names {
		natural[i] = max(1, Width(b.names[i]))
		if b.types != nil {
			natural[i] = max(natural[i], Width(b.types[i]))
		}
		for _, rows := range [][][]string{b.head, b.tail} {
			for _, row := range rows {
				natural[i] = max(natural[i], Width(row[i]))
			}
		}
	}
	b.widths = natural
	for i := range b.names {
		b.shown = append(b.shown, i)
	}
	if total <= 0 {
		return
	}
	for left := len(b.names); ; left-- {
		b.shown = b.middleOut(left)
		widest, least := 0, narrowest
		for _, i := range b.shown {
			if i >= 0 {
				widest = max(widest, natural[i])
			}
		}
		if left == 1 {
			least = 1
		}
		if limit, ok := b.cut(natural, total, min(least, widest), widest); ok || left == 1 {
			b.widths = make([]int, len(natural))
			for i, n := range natural {
				b.widths[i] = min(n, limit)
			}
			return
		}
	}
}

// middleOut returns the columns shown where but so many are.
func (b *box) middleOut(left int) []int {
	var shown []int
	n := len(b.names)
	first := (left + 1) / 2
	for i := range n {
		switch {
		case left == n || i < first || i >= n-(left-first):
			shown = append(shown, i)
		case i == first:
			shown = append(shown, -1)
		}
	}
	return shown
}

// cut returns the greatest width that columns may have for the table to fit,
// and false where even the least is too much.
func (b *box) cut(natural []int, total, least, widest int) (int, bool) {
	for limit := widest; limit >= least; limit-- {
		sum := 1
		for _, i := range b.shown {
			if i < 0 {
				sum += 4
			} else {
				sum += min(natural[i], limit) + 3
			}
		}
		if sum <= total {
			return limit, true
		}
	}
	return least, false
}

// Clip cuts a text to a width, with … for what is left out.
func Clip(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used+g.Width() > width-1 {
			break
		}
		used += g.Width()
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// Pad fills a text up to a width: it stands at the left for -1, in the middle
// for 0, at the right for 1.
func Pad(s string, width, at int) string {
	gap := max(0, width-Width(s))
	before := 0
	switch at {
	case 0:
		before = gap / 2
	case 1:
		before = gap
	}
	return strings.Repeat(" ", before) + s + strings.Repeat(" ", gap-before)
}

// Thousands writes a count with commas.
func Thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Noun writes a count with its noun: 1 record, 2,000 records.
func Noun[T int | int64](n T, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Thousands(int64(n)) + " " + what + "s"
}

// TypeName is a type as DuckDB's shell shows it: int64 for BIGINT, varchar for
// VARCHAR.
func TypeName(typ string) string {
	base, list := strings.TrimRight(typ, "[]"), ""
	if strings.HasSuffix(typ, "]") {
		list = typ[len(base):]
	}
	switch base {
	case "TINYINT":
		base = "int8"
	case "SMALLINT":
		base = "int16"
	case "INTEGER":
		base = "int32"
	case "BIGINT":
		base = "int64"
	case "HUGEINT":
		base = "int128"
	case "UTINYINT":
		base = "uint8"
	case "USMALLINT":
		base = "uint16"
	case "UINTEGER":
		base = "uint32"
	case "UBIGINT":
		base = "uint64"
	case "UHUGEINT":
		base = "uint128"
	case "TIMESTAMPTZ":
		base = "timestamp with time zone"
	default: // the names in STRUCT(...) and ENUM(...) keep their case
		word, args, ok := strings.Cut(base, "(")
		base = strings.ToLower(word)
		if ok {
			base += "(" + args
		}
	}
	return base + list
}

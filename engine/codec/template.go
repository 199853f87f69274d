package codec

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"unicode"
)

// Template makes up texts that look like those of a column and are none of
// them: it keeps words that many values share, punctuation, length and letter
// case, and draws everything else anew.
type Template struct {
	Shapes []Shape // of the fitted values, most frequent first
	Words  []string
}

// Shape is the outline of a text: its common words and punctuation as they
// are, every other run of letters or digits as its kind and length.
type Shape struct {
	Parts []Part
	Count int
}

// Part is a piece of a shape: Text as it is, or N characters of a Class.
type Part struct {
	Text string
	// Class is 'A' upper, 'a' lower, 'x' either case, 'z' letters and digits
	// mixed, 'h' hex, 'H' upper hex, '0' digits, '4' and '6' an IP address.
	Class byte
	N     int
}

const (
	wordShare = 50  // a word in one of so many values, and in wordLeast of them, is common
	wordLeast = 5   // values that must share a word
	maxShapes = 500 // kept of a column
)

// fitTemplate learns the outlines of the values, all distinct.
func fitTemplate(values []string) *Template {
	t := &Template{}
	counts := map[string]int{}
	for _, v := range values {
		seen := map[string]bool{}
		for _, run := range runs(v) {
			for _, w := range append(split(run), run) {
				if isWord(w) && !seen[w] {
					seen[w] = true
					counts[w]++
				}
			}
		}
	}
	least := max(wordLeast, len(values)/wordShare)
	for w, n := range counts {
		if n >= least {
			t.Words = append(t.Words, w)
		}
	}
	slices.Sort(t.Words)
	byKey := map[string]*Shape{}
	for _, v := range values {
		s := t.shape(v)
		k := s.key()
		if byKey[k] == nil {
			byKey[k] = &s
		}
		byKey[k].Count++
	}
	for _, s := range byKey {
		t.Shapes = append(t.Shapes, *s)
	}
	slices.SortFunc(t.Shapes, func(a, b Shape) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.key(), b.key()))
	})
	if len(t.Shapes) > maxShapes {
		t.Shapes = t.Shapes[:maxShapes]
	}
	return t
}

// draw returns a made-up text.
func (t *Template) draw(r *rand.Rand) string {
	total := 0
	for _, s := range t.Shapes {
		total += s.Count
	}
	if total == 0 {
		return ""
	}
	n := r.IntN(total)
	for _, s := range t.Shapes {
		if n -= s.Count; n < 0 {
			return s.draw(r)
		}
	}
	return ""
}

// like returns a made-up text of the same outline as v.
func (t *Template) like(v string, r *rand.Rand) string { s := t.shape(v); return s.draw(r) }

func (t *Template) shape(v string) Shape {
	var s Shape
	var ws []string
	for _, run := range runs(v) { // a common run stays whole: DOM1
		if _, common := slices.BinarySearch(t.Words, run); common {
			ws = append(ws, run)
		} else {
			ws = append(ws, split(run)...)
		}
	}
	for i, w := range ws {
		_, common := slices.BinarySearch(t.Words, w)
		p := Part{Text: w}
		if !common && classOf(w) != 0 {
			p = Part{Class: classOf(w), N: len(w)}
			if w[0] == '0' && len(w) > 1 && p.Class == '0' && i == 0 {
				p = Part{Text: "0"}
				s.Parts = append(s.Parts, p)
				p = Part{Class: '0', N: len(w) - 1}
			}
		}
		if k := len(s.Parts) - 1; k >= 0 && p.Class == 0 && s.Parts[k].Class == 0 {
			s.Parts[k].Text += p.Text
		} else {
			s.Parts = append(s.Parts, p)
		}
	}
	return s
}

func (s *Shape) key() string {
	var b strings.Builder
	for _, p := range s.Parts {
		if p.Class == 0 {
			b.WriteString(p.Text)
			continue
		}
		b.WriteByte(0)
		b.WriteByte(p.Class)
		b.WriteRune(rune(p.N))
	}
	return b.String()
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

func alphabet(class byte) string {
	switch class {
	case 'A':
		return upper
	case 'a':
		return lower
	case 'x':
		return lower + upper
	case 'h':
		return digits + lower[:6]
	case 'H':
		return digits + upper[:6]
	case '0':
		return digits
	}
	return lower + upper + digits
}

func (s *Shape) draw(r *rand.Rand) string {
	var b strings.Builder
	for _, p := range s.Parts {
		b.WriteString(p.Text)
		if p.Class == 0 {
			continue
		}
		switch p.Class {
		case '4':
			b.WriteString((&Prefix{CIDR: anyV4.String()}).draw(r))
			continue
		case '6':
			b.WriteString((&Prefix{CIDR: anyV6.String(), V6: true}).draw(r))
			continue
		}
		set := alphabet(p.Class)
		for i := range p.N {
			c := set[r.IntN(len(set))]
			for p.Class == '0' && i == 0 && p.N > 1 && c == '0' { // numbers have no leading zero
				c = set[r.IntN(len(set))]
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// runs cuts a text into addresses, words, numbers, identifiers of letters and
// digits mixed, and what stands between them.
func runs(v string) []string {
	var out []string
	for len(v) > 0 {
		if n := addressLength(v); n > 0 {
			out, v = append(out, v[:n]), v[n:]
			continue
		}
		n := strings.IndexFunc(v, func(r rune) bool { return !alnum(r) })
		switch n {
		case 0:
			n = strings.IndexFunc(v, alnum)
			if n < 0 {
				n = len(v)
			}
			out, v = append(out, v[:n]), v[n:]
			continue
		case -1:
			n = len(v)
		}
		out, v = append(out, v[:n]), v[n:]
	}
	return out
}

// addressLength returns the length of the IP address that a text begins with,
// 0 where it begins with none.
func addressLength(v string) int {
	n := strings.IndexFunc(v, func(r rune) bool { return !(r == ':' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
	if n < 0 {
		n = len(v)
	}
	if n < 7 || n < len(v) && alnum(rune(v[n])) {
		return 0
	}
	if _, err := netip.ParseAddr(v[:n]); err != nil {
		return 0
	}
	return n
}

// alnum reports whether r is a letter or digit of ASCII; others are kept as
// they are, since no alphabet for them is known to be right.
func alnum(r rune) bool {
	return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// split cuts a run of letters and digits between a leading word and the number
// after it, so that the word can be common (C586); long identifiers, in which digits or cases alternate, stay whole
// save a first letter (Zeek's uids begin with C).
func split(w string) []string {
	if c := classOf(w); c == 0 || c == '4' || c == '6' {
		return []string{w}
	}
	changes, cut := 0, 0
	for i := 1; i < len(w); i++ {
		if isDigit(w[i]) != isDigit(w[i-1]) {
			changes++
			cut = i
		}
	}
	c := classOf(w)
	mixed := strings.ToLower(w) != w && strings.ToUpper(w) != w
	switch {
	case len(w) > 12 && mixed, len(w) > 12 && changes > 1 && c == 'z':
		return []string{w[:1], w[1:]}
	case changes == 1:
		return []string{w[:cut], w[cut:]}
	}
	return []string{w}
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// isWord reports whether a run may be kept where it is common: words do,
// numbers and identifiers don't.
func isWord(w string) bool {
	switch c := classOf(w); c {
	case 0, '0', '4', '6':
		return false
	case 'z':
		return len(w) <= 8
	}
	return true
}

// classOf returns the class of characters that a run is made of, 0 for what is
// no run of letters and digits.
func classOf(w string) byte {
	if n := addressLength(w); n > 0 && n == len(w) {
		if strings.Contains(w, ":") {
			return '6'
		}
		return '4'
	}
	var d, l, u, beyond int
	for i := range len(w) {
		b := w[i]
		switch {
		case isDigit(b):
			d++
		case b >= 'a' && b <= 'z':
			l++
			if b > 'f' {
				beyond++
			}
		case b >= 'A' && b <= 'Z':
			u++
			if b > 'F' {
				beyond++
			}
		default:
			return 0
		}
	}
	switch {
	case l+u == 0 && d > 0:
		return '0'
	case d > 0 && beyond == 0 && len(w) >= 8 && (l == 0 || u == 0):
		if u > 0 {
			return 'H'
		}
		return 'h'
	case d > 0:
		return 'z'
	case u == 0:
		return 'a'
	case l == 0:
		return 'A'
	}
	return 'x'
}

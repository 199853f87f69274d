package rename

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text makes up names for names, word by word: a word becomes another of as many
// letters, the same one wherever it stands, so that hosts of one domain stay
// hosts of one domain. Words that everybody has stay as they are, and so do
// single letters and digits.
type Text struct {
	real    func(string) bool
	address func(string) string
	words   map[string]string
	whole   map[string]string
	taken   map[string]bool
	longer  int // by how much words become longer
	rng     *rand.Rand
}

// NewText returns a renamer; real tells the values that must not come out, and
// address renames the addresses in a text.
func NewText(real func(string) bool, address func(string) string, rng *rand.Rand) *Text {
	return &Text{real: real, address: address, words: map[string]string{}, whole: map[string]string{}, taken: map[string]bool{}, rng: rng}
}

var (
	macs      = regexp.MustCompile(`\b[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}[:-]){4}[0-9A-Fa-f]{2}\b`)
	pointers  = regexp.MustCompile(`(?i)\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa`)
	addresses = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}`)
)

// common are words that say nothing of whoever has them: of domains, of what
// browsers call themselves, of protocols and paths. Top-level domains of two
// letters are among them.
var common = wordSet(`com net org edu gov mil int info biz name arpa addr ip6 local localhost localdomain lan home internal example test invalid
	www mail smtp imap pop ftp ns dns ntp api cdn static img http https tcp udp mozilla gecko applewebkit khtml like chrome chromium safari firefox
	edge edg msie trident opera version mobile windows win64 wow64 nt linux x11 x86 amd64 macintosh intel mac os android iphone ipad cpu curl wget
	python requests java go client server user agent compatible index html htm php asp aspx js css png jpg jpeg gif ico svg json xml txt pdf zip
	anonymous system null none true false unknown error get post put head options`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// Rename returns a value's other one. Equal values have equal ones, different
// values different ones, and none of more than three letters and digits is real
// if that can be helped.
func (t *Text) Rename(s string) string {
	if to, ok := t.whole[s]; ok {
		return to
	}
	t.longer = 0
	to := t.rename(s, t.words, common)
	for try := 0; try < 40 && (t.taken[to] || named(to) && t.real(to)); try++ {
		kept := common
		if try >= 10 { // common words alone make a real value, or all of this length are real
			kept, t.longer = nil, 1+(try-10)/5
		}
		to = t.rename(s, map[string]string{}, kept)
	}
	t.whole[s], t.taken[to] = to, true
	return to
}

// named reports whether a text is long enough to name anybody.
func named(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n > shortest
}

// shortest is how many letters and digits name nobody.
const shortest = 3

func (t *Text) rename(s string, words map[string]string, kept map[string]bool) string {
	var out strings.Builder
	for s != "" { // the first of addresses and their like, what stands before it word by word
		at, end, with := len(s), len(s), ""
		found := func(span []int, to string) {
			if span != nil && span[0] < at && to != "" {
				at, end, with = span[0], span[1], to
			}
		}
		if m := macs.FindStringIndex(s); m != nil {
			found(m, t.mac(s[m[0]:m[1]]))
		}
		if m := pointers.FindStringSubmatchIndex(s); m != nil {
			part := func(i int) string { return s[m[2*i]:m[2*i+1]] }
			a := strings.Split(t.address(part(4)+"."+part(3)+"."+part(2)+"."+part(1)), ".")
			if len(a) == 4 {
				found(m[:2], a[3]+"."+a[2]+"."+a[1]+"."+a[0]+s[m[9]:m[1]])
			}
		}
		if m := addresses.FindStringIndex(s); m != nil {
			if _, err := netip.ParseAddr(s[m[0]:m[1]]); err == nil {
				found(m, t.address(s[m[0]:m[1]]))
			}
		}
		t.plain(&out, s[:at], words, kept)
		out.WriteString(with)
		s = s[end:]
	}
	return out.String()
}

// plain renames a text without addresses.
func (t *Text) plain(out *strings.Builder, s string, words map[string]string, kept map[string]bool) {
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(s)
		}
		if n == 0 {
			_, size := utf8.DecodeRuneInString(s)
			out.WriteString(s[:size])
			s = s[size:]
			continue
		}
		run := s[:n]
		s = s[n:]
		if kept[strings.ToLower(run)] {
			out.WriteString(run)
			continue
		}
		hex := len(run) >= 8 && strings.Trim(strings.ToLower(run), "0123456789abcdef") == ""
		for run != "" { // letters and digits apart, so that host17 and host18 are of one name
			m := len(run)
			if !hex {
				digit := unicode.IsDigit(rune(run[0]))
				if i := strings.IndexFunc(run, func(r rune) bool { return unicode.IsDigit(r) != digit }); i > 0 {
					m = i
				}
			}
			out.WriteString(t.word(run[:m], hex, words, kept))
			run = run[m:]
		}
	}
}

// word returns the word for a word.
func (t *Text) word(w string, hex bool, words map[string]string, kept map[string]bool) string {
	low := strings.ToLower(w)
	if utf8.RuneCountInString(w) == 1 || kept[low] || kept != nil && len(w) == 2 && !unicode.IsDigit(rune(w[0])) {
		return w
	}
	to, ok := words[low]
	if !ok {
		for range 20 {
			if to = t.draw(low, hex); to != low {
				break
			}
		}
		words[low] = to
	}
	var b strings.Builder // in the letter case of the word
	in := []rune(w)
	for i, r := range to {
		if unicode.IsUpper(in[min(i, len(in)-1)]) {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (t *Text) draw(w string, hex bool) string {
	var b strings.Builder
	last, _ := utf8.DecodeLastRuneInString(w)
	for i, r := range w + strings.Repeat(string(last), t.longer) {
		switch {
		case hex:
			b.WriteByte("0123456789abcdef"[t.rng.IntN(16)])
		case unicode.IsDigit(r) && (i > 0 || r == '0'):
			b.WriteByte(byte('0' + t.rng.IntN(10)))
		case unicode.IsDigit(r):
			b.WriteByte(byte('1' + t.rng.IntN(9)))
		default:
			b.WriteByte("abcdefghijklmnopqrstuvwxyz"[t.rng.IntN(26)])
		}
	}
	return b.String()
}

// mac returns a locally administered address for one, with the same separators;
// of several hosts, which is no host's, what it is.
func (t *Text) mac(s string) string {
	first := strings.ToLower(s[:2])
	if strings.EqualFold(strings.Trim(s, "fF:-"), "") || strings.EqualFold(strings.Trim(s, "0:-"), "") || strings.Contains("13579bdf", first[1:]) {
		return s
	}
	key := "mac " + strings.ToLower(s)
	to, ok := t.words[key]
	if !ok {
		const digits = "0123456789abcdef"
		b := []byte(s)
		b[0], b[1] = '0', '2'
		for i := 3; i < len(b); i++ {
			if b[i] != ':' && b[i] != '-' {
				b[i] = digits[t.rng.IntN(16)]
			}
		}
		to = string(b)
		t.words[key] = to
	}
	return to
}

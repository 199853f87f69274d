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
	longer  int  // by how much words become longer
	digits  bool // single digits are renamed too
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
// browsers call themselves, of protocols and paths, and those that programs write
// into logs. Top-level domains of two letters are among them.
var common = wordSet(`com net org edu gov mil int info biz name arpa addr ip6 local localhost localdomain lan home internal example test invalid
	www mail smtp imap pop ftp ns dns ntp api cdn static img http https tcp udp mozilla gecko applewebkit khtml like chrome chromium safari firefox
	edge edg msie trident opera version mobile windows win64 wow64 nt linux x11 x86 amd64 macintosh intel mac os android iphone ipad cpu curl wget
	python requests java go client server user agent compatible index html htm php asp aspx js css png jpg jpeg gif ico svg json xml txt pdf zip
	anonymous system null none true false unknown error get post put head options delete connect trace patch
	accept accepted access account action active add added address after again alert alive all allow allowed already and another any application
	are argument arguments array as at attempt attempts auth authenticated authenticating authentication auto available back bad based because been
	before begin being between bind block blocked blocks boot break buffer but by bye byte bytes cache call called can cannot change changed changes
	channel check checking child class clean cleared clock close closed closing code command complete completed component config configuration
	connected connecting connection connections console content control core corrupt could count create created critical current currently daemon
	data database date debug default deleting denied detected device devices did directory disabled disconnect disconnected disconnecting disk
	does done down drive driver dropped due duplicate during each empty enabled end ended ending enough enter entries entry environment eof errors
	establish established euid event exceeded exceeding exception exec executing exists exit exited exiting expected expired fail failed failing
	failure false fatal fault field file files find finished first flag flags for force found free from full generic getaddrinfo given got group
	group handle handler handshake hard has have header hello hostname however id identification idle if ignored ignoring illegal in
	incoming index info information init initialized input inside installed interactive interface internal interrupt into invalid ip is it item
	its job kernel key keyboard keys kill killed last late length less level library lifetime limit line link list listen listening load loaded
	loading lock locked log logged login logname logout lookup lost made main manager mapping mask match matched max maximum may memory message
	messages method min minimum missing mode module more mount mounted multiple must my name names need network new next no node normal not
	notice now number object of off old on once one only open opened opening operation option or order other out output over overflow own owner
	packet packets page pam panic parameter parameters parse partition pass password path peer pending percent per permission permitted pid ping
	policy pool port ports possible power preauth prefix present press pressed previous priority problem process processed processes processing
	program progress protocol proxy publickey query queue quit rate read reading ready reason receive received receiving recv recovery refused
	registered reject rejected release released reload remote remove removed replica reply report request required reset resource respond
	responding response restart restarted result resumed retry return returned reverse rhost root route ruser run running same saved scan second
	seconds sec section secure security see segment send sending sent serve service services session sessions set setting setup shell should
	shutdown signal since size skip skipped sleep slow socket software some source space specified ssh ssh2 sshd stack start started starting
	startup state status still stop stopped stopping storage stream string su success successful successfully such sudo suspended switch sync
	table target task temporary terminated terminating test than that the their then there these they this thread threads through time timed
	timeout times to token too total transfer transferring tries trying tty type uid unable unavailable unexpected unix unreachable unsupported
	until up update updated updating uptime url usage use used using usb valid value verification verify via virtual volume wait waiting warn
	warning was were when where which while will with within without worker write writing written wrong yes you your zero`)

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
	t.longer, t.digits = 0, false
	to := t.rename(s, t.words, common)
	for try := 0; try < 40 && (t.taken[to] || named(to) && t.real(to)); try++ {
		kept := common
		t.digits = true // common words alone make a real value: other versions of them
		if try >= 20 {  // and no other number does, or all of this length are real
			kept, t.longer = nil, 1+(try-20)/5
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
	single := utf8.RuneCountInString(w) == 1 && !(t.digits && unicode.IsDigit(rune(w[0])))
	if single || kept[low] || kept != nil && len(w) == 2 && !unicode.IsDigit(rune(w[0])) {
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

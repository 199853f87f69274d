package workspace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"netshare/workspace/packed"
	"netshare/workspace/rename"
	"netshare/workspace/store"
	"netshare/workspace/trace"
)

// Leak is a real identifier in what was to be handed out.
type Leak struct {
	Value string
	Of    string // the real table and column that it is of
	In    string // the table and column, or the file and byte, where it was found
}

// LeakError says that real identifiers were found, and where; nothing was
// written.
type LeakError struct {
	Leaks []Leak // the first of each value and place, at most maxLeaks
	More  bool   // there are others
}

const maxLeaks = 1000

// Error names the first few.
func (e *LeakError) Error() string {
	const most = 3
	var first []string
	for _, l := range e.Leaks[:min(most, len(e.Leaks))] {
		first = append(first, fmt.Sprintf("%s of %s in %s", quoteValue(l.Value), l.Of, l.In))
	}
	more := ""
	switch {
	case e.More:
		more = fmt.Sprintf(", and %d more and others", len(e.Leaks)-len(first))
	case len(e.Leaks) > most:
		more = fmt.Sprintf(", and %d more", len(e.Leaks)-len(first))
	}
	return fmt.Sprintf("real values would be handed out: %s%s: have them replaced (--addresses keep-structure, --text made-up), allow them (--allow), or publish all the same (--force)",
		strings.Join(first, "; "), more)
}

func quoteValue(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:59]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// identifiers are the real values that must not be handed out.
type identifiers struct {
	of    map[string]string // the table and column of each
	index grams
	found []Leak
	more  bool
	seen  map[Leak]bool
}

// identifiersOf gathers the addresses, and the names and other free text, of all
// tables of schema raw, but for those that are allowed, that everybody has, or
// that are too short to name anybody.
func (w *Workspace) identifiersOf(ctx context.Context, allow []string) (*identifiers, error) {
	ids := &identifiers{of: map[string]string{}, seen: map[Leak]bool{}}
	raw, err := w.rawTables(ctx)
	if err != nil {
		return nil, err
	}
	allowed := map[string]bool{}
	for _, a := range allow {
		allowed[a] = true
	}
	for _, t := range raw {
		fields := map[string]trace.Field{}
		if r, err := w.recipeOf(ctx, t); err == nil {
			for _, f := range r.Declared() {
				fields[f.Name] = f
			}
		}
		for _, c := range t.Schema.Columns {
			f, ok := fields[c.Name]
			if !ok {
				f = trace.Field{Name: c.Name, Kind: c.Kind}
			}
			if elem, list := c.Type.Elem(); !names(f) || c.Type != trace.TypeText && !(list && elem == trace.TypeText) {
				continue
			}
			for s, err := range w.db.DistinctTexts(ctx, t.Name, c.Name) {
				if err != nil {
					return nil, err
				}
				if _, known := ids.of[s]; !known && !allowed[s] && nameable(s) {
					ids.of[s] = t.Name.String() + "." + c.Name
				}
			}
		}
	}
	for s := range ids.of {
		if distinctive(s) {
			ids.index.add(s)
		}
	}
	return ids, nil
}

// nameable reports whether a value can name anybody: it has more than three
// letters and digits, and is no address that everybody has.
func nameable(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return !rename.WellKnown(a)
	}
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n > 3
}

// distinctive reports whether a value is looked for in bytes too: a word that
// may as well be one of a file's own is not.
func distinctive(s string) bool {
	return len(s) >= gramLength && (len(s) >= 12 || strings.ContainsAny(s, "0123456789.:-_@/\\"))
}

// check notes a value, or its elements, that is a real one.
func (ids *identifiers) check(value, in string) {
	if of, ok := ids.of[value]; ok {
		ids.note(Leak{value, of, in})
	}
}

func (ids *identifiers) note(l Leak) {
	switch {
	case ids.seen[l]:
	case len(ids.found) >= maxLeaks:
		ids.more = true
	default:
		ids.seen[l] = true
		ids.found = append(ids.found, l)
	}
}

// err is what was found, nil for nothing.
func (ids *identifiers) err() error {
	if len(ids.found) == 0 {
		return nil
	}
	return &LeakError{Leaks: ids.found, More: ids.more}
}

// file looks for real values in a file that was written: by value where the
// format hides its texts, and byte by byte.
func (ids *identifiers) file(ctx context.Context, db *store.DB, path string) error {
	name := filepath.Base(path)
	ext, _ := splitExtension(path)
	in := func(column, text string) error {
		ids.check(text, name+", "+column)
		return nil
	}
	binary := true
	var err error
	switch ext {
	case ".duckdb", ".db":
		err = db.TextsOfDatabase(ctx, path, in)
	case ".parquet":
		err = db.TextsOf(ctx, "read_parquet", path, in)
	case ".pcap", ".pcapng", ".cap":
		err = db.TextsOf(ctx, "read_pcap", path, in)
		if err != nil && strings.Contains(err.Error(), "no packet") {
			err = nil
		}
	default:
		binary = false
	}
	if err != nil {
		return fmt.Errorf("%s can't be read back: %w", name, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := packed.NewReader(f)
	if err != nil {
		return err
	}
	defer r.Close()
	return ids.bytes(ctx, r, name, binary)
}

// The bytes that a value is found by: its first, as one number.
const gramLength = 7

// grams finds values in bytes by their first few: of values that begin alike,
// however many there are, it is known how long they are.
type grams struct {
	of      map[uint64][]int // lengths, each once
	few     [1 << 14]uint64  // a bit for each that the low bits of some gram have
	longest int
}

func gram(b string) (g uint64) {
	for i := range gramLength {
		g = g<<8 | uint64(b[i])
	}
	return g
}

func bucket(g uint64) uint64 { return g * 0x9e3779b97f4a7c15 >> 44 }

func (x *grams) add(s string) {
	if x.of == nil {
		x.of = map[uint64][]int{}
	}
	g := gram(s)
	if !slices.Contains(x.of[g], len(s)) {
		x.of[g] = append(x.of[g], len(s))
	}
	x.few[bucket(g)>>6] |= 1 << (bucket(g) & 63)
	x.longest = max(x.longest, len(s))
}

// bytes looks for real values in a stream. In a text a value stands alone,
// without letters or digits beside it; in other bytes only an address has to.
func (ids *identifiers) bytes(ctx context.Context, r io.Reader, name string, binary bool) error {
	x := &ids.index
	if x.of == nil {
		return nil
	}
	b := bufio.NewReaderSize(r, max(1<<20, 4*x.longest))
	var offset int64
	var before byte
	var g uint64
	const mask = 1<<(8*gramLength) - 1
	// A window slides over the stream; what it needs behind itself is peeked.
	for n := 0; ; offset, n = offset+1, n+1 {
		if n&0xfffff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if n == 0 {
			head, err := b.Peek(gramLength)
			if err != nil {
				if err == io.EOF {
					return nil
				}
				return err
			}
			g = gram(string(head))
		}
		if k := bucket(g); x.few[k>>6]&(1<<(k&63)) != 0 {
			if lengths := x.of[g]; lengths != nil {
				rest, err := b.Peek(x.longest + 1)
				if err != nil && err != io.EOF {
					return err
				}
				for _, n := range lengths {
					if len(rest) < n {
						continue
					}
					of, found := ids.of[string(rest[:n])]
					if !found {
						continue
					}
					v := string(rest[:n])
					if !distinctive(v) {
						continue
					}
					var after byte
					if len(rest) > n {
						after = rest[n]
					}
					_, bad := netip.ParseAddr(v)
					if (bad == nil || !binary) && (joins(before, bad == nil) || joins(after, bad == nil)) {
						continue
					}
					ids.note(Leak{v, of, fmt.Sprintf("%s at byte %d", name, offset)})
				}
			}
		}
		first, err := b.ReadByte()
		if err != nil {
			return err
		}
		before = first
		next, err := b.Peek(gramLength)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		g = g<<8&mask | uint64(next[gramLength-1])
	}
}

// joins reports whether a byte beside a value makes it part of a longer one.
func joins(b byte, address bool) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80 || address && (b == '.' || b == ':')
}

// names reports whether a field's values may name somebody: an address, a text
// or a category of names, that nobody declared public. Texts that are words of a
// protocol's own are known by their columns' names.
func names(f trace.Field) bool {
	switch {
	case f.IsPublic, len(f.Choices) > 0: // declared, or named one by one
		return false
	case len(f.Elements) > 0:
		return slices.ContainsFunc(f.Elements, names)
	case f.Kind == trace.KindAddress:
		return true
	case anyOf(wholes(f.Name), protocolWords):
		return false
	case f.Kind == trace.KindText:
		return true
	case f.Kind == trace.KindCategory:
		return anyOf(wholes(f.Name), namingWords)
	}
	return false
}

const (
	protocolWords = "history state connstate service proto protocol method version cipher curve qtype qtypename qclassname rcodename status statusmsg " +
		"time date timestamp day hour month year eventid eventtemplate " +
		"flag flags layers label type class action facility severity level opcode analyzer mimetype resumed func function exception authtype logontype orientation"
	namingWords = "user username account login host hostname computer machine device mac domain query servername uri url path agent email mail referrer referer useragent sni issuer realm " +
		"password passwd subject filename cookie answers helo rcptto mailfrom msg message"
)

// readAllowed turns what --allow was given into values: a file's lines, or the
// value itself.
func readAllowed(words []string) ([]string, error) {
	var out []string
	for _, word := range words {
		info, err := os.Stat(word)
		if err != nil || !info.Mode().IsRegular() {
			out = append(out, word)
			continue
		}
		data, err := os.ReadFile(word)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" && !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	return out, nil
}

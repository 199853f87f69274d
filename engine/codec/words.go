package codec

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"netshare/workspace/trace"
)

// Words codes the classes of a field as vectors: NetShare's word2vec. Values
// that keep the same company are near one another, so that what a network gets
// slightly wrong is a value of the like. A vector is read as the class whose own
// is nearest, by exact search; what the networks make is a class from there on,
// as that of any category.
//
// The vectors are skip-grams with negative sampling (Mikolov et al. 2013). A
// sentence is a record: its values of all fields that are learnt so. Fields of
// one kind share the vector of a value, as a source and a destination port of
// 53 do. Which values are words of their own is the policy of Classes: rare
// ports of a range, and addresses of a prefix, are a word together, and the
// rare ones of any text; they are drawn anew and not repeated.
//
// A field that no other of the records is learnt so with has vectors that are
// distinct and say nothing.
type Words struct {
	// Vectors are those of the field's classes, [classes][size], each number in
	// [0, 1]: of unit length, then moved and scaled alike in all directions, so
	// that the nearest is the one of the least angle, as in NetShare.
	Vectors [][]float32
}

// vectorSize is the size of a vector where the recipe has none: NetShare's.
const vectorSize = 10

// nearest returns the place of the vector that is nearest to x, the first of
// several.
func nearest(vectors [][]float32, x []float32) int {
	best, least := 0, float32(math.Inf(1))
	for class, v := range vectors {
		var d float32
		for i := range v {
			e := v[i] - x[i]
			d += e * e
		}
		if d < least {
			best, least = class, d
		}
	}
	return best
}

// embedded is a field that is learnt as vectors, before they are.
type embedded struct {
	field  trace.Field
	series bool
	member *Member
	words  *Words
	ids    []int // of the field's classes, the words
}

// fitWords learns the vectors of the fields that are to have some, those of one
// size and one file of vectors together.
func (f *fitter) fitWords(recipe *trace.Recipe, seed uint64) error {
	type group struct {
		size int
		file string
	}
	groups := map[group][]embedded{}
	var order []group
	collect := func(blocks []Block, fields []trace.Field, series bool) {
		for i := range blocks {
			b := &blocks[i]
			if b.Words == nil {
				continue
			}
			field := fields[b.Members[0].Field]
			g := group{field.Vector, field.VectorFile}
			if groups[g] == nil {
				order = append(order, g)
			}
			groups[g] = append(groups[g], embedded{field: field, series: series, member: &b.Members[0], words: b.Words})
		}
	}
	collect(f.c.Meta, recipe.Metadata, false)
	collect(f.c.Series, recipe.Series, true)
	for i, g := range order {
		e := embedding{size: cmp.Or(g.size, vectorSize), rand: rand.New(rand.NewPCG(seed, 0x776f726473+uint64(i)))}
		if g.file != "" {
			var err error
			if e.given, err = readVectors(g.file); err != nil {
				return err
			}
			if g.size > 0 && g.size != e.given.size {
				return fmt.Errorf("%s has vectors of %d numbers, and field %q asks for %d: leave the size out, or say %d",
					g.file, e.given.size, groups[g][0].field.Name, g.size, e.given.size)
			}
			e.size = e.given.size
		}
		fields := groups[g]
		if err := e.number(fields); err != nil {
			return err
		}
		e.learn(f.sentences(fields))
		for k := range fields {
			fields[k].words.Vectors = e.scaled(fields[k].ids)
		}
	}
	return nil
}

// sentences returns the words of records, at most groupedRows of them, evenly
// spread; of sessions where all the fields are metadata.
func (f *fitter) sentences(fields []embedded) [][]int {
	series := slices.ContainsFunc(fields, func(e embedded) bool { return e.series })
	rows := func(s trace.Session) int {
		if series {
			return len(s.Series)
		}
		return 1
	}
	total := 0
	for _, s := range f.sessions {
		total += rows(s)
	}
	step := (total + groupedRows - 1) / groupedRows
	var out [][]int
	at := 0
	for _, s := range f.sessions {
		for k := range rows(s) {
			if at++; at%step != 0 {
				continue
			}
			sentence := make([]int, len(fields))
			for i, e := range fields {
				v := any(nil)
				if e.series {
					v = s.Series[k][e.member.Field+1]
				} else {
					v = s.Meta[e.member.Field]
				}
				sentence[i] = e.ids[e.member.Classes.class(v)]
			}
			out = append(out, sentence)
		}
	}
	return out
}

// embedding is the vectors of words while they are learnt.
type embedding struct {
	size    int
	rand    *rand.Rand
	given   *vectors // read from a file; nil for none
	in, out [][]float64
	fixed   []bool // words whose vectors are the file's
}

// number gives the fields' classes their words, and each word a first vector.
func (e *embedding) number(fields []embedded) error {
	known := map[string]int{}
	found := 0
	for k := range fields {
		m := fields[k].member.Classes
		for class := range m.size() {
			name := fmt.Sprintf("%d\x00%d", k, class) // of this field alone
			if class < len(m.Kept) {
				name = string(fields[k].field.Kind) + "\x00" + m.Kept[class]
			}
			id, ok := known[name]
			if !ok {
				id = len(e.in)
				known[name] = id
				v := make([]float64, e.size)
				for i := range v {
					v[i] = (e.rand.Float64() - .5) / float64(e.size)
				}
				fixed := false
				if class < len(m.Kept) && e.given != nil {
					if given := e.given.of[m.Kept[class]]; given != nil {
						v, fixed = given, true
						found++
					}
				}
				e.in, e.out, e.fixed = append(e.in, v), append(e.out, make([]float64, e.size)), append(e.fixed, fixed)
			}
			fields[k].ids = append(fields[k].ids, id)
		}
	}
	if e.given != nil && found == 0 {
		return fmt.Errorf("%s has a vector for none of the values of field %q: is it of other words?", e.given.file, fields[0].field.Name)
	}
	return nil
}

const (
	negatives  = 5         // words drawn against each that is there, as in gensim
	firstRate  = .025      // learning rate, falling evenly to lastRate, as in gensim
	lastRate   = .0001     //
	wordPairs  = 2_000_000 // pairs of words that are learnt from, about
	mostPasses = 50        // over the sentences
)

// learn is skip-gram with negative sampling.
func (e *embedding) learn(sentences [][]int) {
	if len(sentences) == 0 || len(sentences[0]) < 2 {
		return
	}
	n := len(sentences[0])
	passes := max(1, min(mostPasses, wordPairs/(len(sentences)*n*(n-1))))
	urn := e.urn(sentences)
	steps := float64(passes * len(sentences))
	step := 0.
	change := make([]float64, e.size)
	for range passes {
		for range sentences {
			s := sentences[e.rand.IntN(len(sentences))]
			rate := firstRate + (lastRate-firstRate)*step/steps
			step++
			for i, word := range s {
				for j, other := range s {
					if i == j {
						continue
					}
					clear(change)
					e.pull(word, other, 1, rate, change)
					for range negatives {
						if drawn := urn[e.rand.IntN(len(urn))]; drawn != other {
							e.pull(word, drawn, 0, rate, change)
						}
					}
					if !e.fixed[word] {
						for k := range change {
							e.in[word][k] += change[k]
						}
					}
				}
			}
		}
	}
}

// pull is a step of one pair: its label is 1 where the words came together and
// 0 where the other was drawn. change gathers what the word's vector moves.
func (e *embedding) pull(word, other int, label, rate float64, change []float64) {
	in, out := e.in[word], e.out[other]
	var dot float64
	for k := range in {
		dot += in[k] * out[k]
	}
	g := rate * (label - 1/(1+math.Exp(-dot)))
	for k := range in {
		change[k] += g * out[k]
		out[k] += g * in[k]
	}
}

// urn holds the words to draw from, each as often as the power .75 of its count.
func (e *embedding) urn(sentences [][]int) []int {
	counts := make([]float64, len(e.in))
	for _, s := range sentences {
		for _, word := range s {
			counts[word]++
		}
	}
	var sum float64
	for i := range counts {
		counts[i] = math.Pow(counts[i], .75)
		sum += counts[i]
	}
	const size = 1 << 17
	var urn []int
	for word, c := range counts {
		if c > 0 {
			urn = append(urn, slices.Repeat([]int{word}, max(1, int(c/sum*size)))...)
		}
	}
	return urn
}

// scaled returns the vectors of words as codes, no two alike.
func (e *embedding) scaled(ids []int) [][]float32 {
	unit := make([][]float64, len(ids))
	low, high := slices.Repeat([]float64{math.Inf(1)}, e.size), slices.Repeat([]float64{math.Inf(-1)}, e.size)
	for i, id := range ids {
		var length float64
		for _, x := range e.in[id] {
			length += x * x
		}
		length = max(math.Sqrt(length), 1e-300)
		unit[i] = make([]float64, e.size)
		for k, x := range e.in[id] {
			x /= length
			unit[i][k] = x
			low[k], high[k] = min(low[k], x), max(high[k], x)
		}
	}
	widest := 0.
	for k := range low {
		widest = max(widest, high[k]-low[k])
	}
	widest = max(widest, 1e-9)
	out := make([][]float32, len(ids))
	taken := map[string]bool{}
	for i, u := range unit {
		v := make([]float32, e.size)
		for k, x := range u {
			v[k] = float32(.5 + (x-(low[k]+high[k])/2)/widest)
		}
		for taken[fmt.Sprint(v)] { // of a file that has two words at one place
			k := e.rand.IntN(e.size)
			v[k] = min(max(v[k]+float32(e.rand.Float64()-.5)/64, 0), 1)
		}
		taken[fmt.Sprint(v)] = true
		out[i] = v
	}
	return out
}

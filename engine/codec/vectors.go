package codec

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// vectors are those of a file in word2vec's text format: a line with the number
// of words and the size of their vectors, which may be lacking, then a line for
// each word with its vector, parted by spaces.
type vectors struct {
	file string
	size int
	of   map[string][]float64
}

const (
	mostVectors   = 1 << 20 // words of a file
	vectorLine    = 1 << 20 // bytes of a line
	howToSaveText = "save it as text, in Python with model.wv.save_word2vec_format(path)"
)

// readVectors reads such a file.
func readVectors(path string) (*vectors, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("word vectors: %w", err)
	}
	defer file.Close()
	v := &vectors{file: path, of: map[string][]float64{}}
	in := bufio.NewScanner(file)
	in.Buffer(nil, vectorLine)
	for line := 1; in.Scan(); line++ {
		words := strings.Fields(in.Text())
		if line == 1 && len(words) == 2 || len(words) == 0 { // the numbers of words and of numbers
			continue
		}
		if v.size == 0 {
			v.size = len(words) - 1
		}
		if len(words) < 2 || len(words) != v.size+1 {
			return nil, fmt.Errorf("%s:%d: want a word and its vector of %d numbers, got %d words: is it word2vec's text format? else %s",
				path, line, max(v.size, 1), len(words), howToSaveText)
		}
		vector := make([]float64, v.size)
		var length float64
		for i, s := range words[1:] {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("%s:%d: want a number, got %.20q: is it word2vec's text format? else %s", path, line, s, howToSaveText)
			}
			vector[i], length = x, length+x*x
		}
		if length == 0 {
			return nil, fmt.Errorf("%s:%d: the vector of %q is all zeros, and has no direction: take the word out", path, line, words[0])
		}
		if v.of[words[0]] = vector; len(v.of) > mostVectors {
			return nil, fmt.Errorf("%s has more than %d words: keep the frequent ones", path, mostVectors)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w: is it word2vec's text format? else %s", path, err, howToSaveText)
	}
	if len(v.of) == 0 {
		return nil, fmt.Errorf("%s has no vectors", path)
	}
	return v, nil
}

// Package near says how alike two words are, for messages that name what a user
// may have meant.
package near

import "strings"

// Distance is how many letters must be put in, taken out, changed or swapped
// with the next to make one word of another, without regard to case (Damerau's
// distance, restricted). Letters are bytes.
func Distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// Word returns the known word that is most like one that is not known, ""
// where none is.
func Word(word string, known []string) string {
	best, bestCost := "", 1+(len(word)+2)/3
	for _, k := range known {
		if strings.EqualFold(k, word) || strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(k), strings.NewReplacer("_", "", "-", "").Replace(word)) {
			return k
		}
		c := Distance(word, k)
		if len(word) >= 3 && strings.HasPrefix(k, word) {
			c = 1
		}
		if c < bestCost {
			best, bestCost = k, c
		}
	}
	return best
}

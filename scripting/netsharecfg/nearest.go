package netsharecfg

import (
	"strings"

	"netshare/workspace/trace/near"
)

// nearest returns the known word that is most like one that is not known, ""
// where none is.
func nearest(word string, known []string) string {
	best, bestCost := "", 1+(len(word)+2)/3
	for _, k := range known {
		if strings.EqualFold(k, word) || strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(k), strings.NewReplacer("_", "", "-", "").Replace(word)) {
			return k
		}
		c := near.Distance(word, k)
		if len(word) >= 3 && strings.HasPrefix(k, word) {
			c = 1
		}
		if c < bestCost {
			best, bestCost = k, c
		}
	}
	return best
}

package workspace

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkSearch looks for values that all begin alike, as user agents do, in a
// text of 10 MB: the time must not grow with how many there are.
func BenchmarkSearch(b *testing.B) {
	text := strings.Repeat("Mozilla/5.0 (Agent 0),10.0.0.1,www.example.org\n", 220000)
	for _, n := range []int{10, 100000} {
		b.Run(fmt.Sprintf("values=%d", n), func(b *testing.B) {
			ids := &identifiers{of: map[string]string{}, seen: map[Leak]bool{}}
			for i := range n {
				v := fmt.Sprintf("Mozilla/5.0 (Agent %d)", i+1)
				ids.of[v] = "raw.x.agent"
				ids.index.add(v)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if err := ids.bytes(context.Background(), strings.NewReader(text), "x", false); err != nil || len(ids.found) > 0 {
					b.Fatal(err, ids.found)
				}
			}
		})
	}
}

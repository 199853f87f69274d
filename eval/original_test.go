package eval

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// sequences are the numbers of a column, session by session in table order.
func (r refTable) sequences(key []string, column string) [][]float64 {
	at := map[string]int{}
	var out [][]float64
	x := r.numbers(column)
	for i, row := range r.Rows {
		var k strings.Builder
		for _, name := range key {
			fmt.Fprintf(&k, "%v\x00", row[slices.Index(r.Columns, name)])
		}
		if _, ok := at[k.String()]; !ok {
			at[k.String()] = len(out)
			out = append(out, nil)
		}
		out[at[k.String()]] = append(out[at[k.String()]], x[i])
	}
	return out
}

// TestVectorAutocorrelation has the reference's own numbers, faults and all;
// they are stored in 32 bits there.
func TestVectorAutocorrelation(t *testing.T) {
	for _, v := range vectors(t, "per_feature_autocorrelation") {
		key := []string{"id", "proto"}
		got := PaddedAutocorrelation(v.Real.sequences(key, v.Target[0]), v.Synthetic.sequences(key, v.Target[0]))
		v.check(t, got, math.NaN())
	}
}

func TestVectorGivenValue(t *testing.T) {
	texts := func(values []any) (out []string) {
		for _, v := range values {
			out = append(out, fmt.Sprint(v))
		}
		return out
	}
	for _, v := range vectors(t, "single_attr_single_feature_correlation") {
		if v.Metadata.Fields[v.Target[1]].Type != "numerical" {
			continue
		}
		realBy, synthBy := texts(v.Real.column(v.Target[0])), texts(v.Synthetic.column(v.Target[0]))
		var want map[string]float64
		if v.ExpectedError == "" {
			if err := json.Unmarshal(v.Expected, &want); err != nil {
				t.Fatal(err)
			}
		}
		missing := false
		for _, value := range realBy {
			got, ok := GivenValue(value, realBy, v.Real.numbers(v.Target[1]), synthBy, v.Synthetic.numbers(v.Target[1]))
			if missing = missing || !ok; !ok || want == nil {
				continue
			}
			w, there := want[v.Target[0]+": "+value]
			if !there || math.Abs(got-w) > 1e-9 {
				t.Errorf("%s: %s is %v: got %v, want %v (%v)", v.Name, v.Target[0], value, got, w, want)
			}
		}
		if missing != (v.ExpectedError != "") {
			t.Errorf("%s: a value is missing: %v, the reference says %q", v.Name, missing, v.ExpectedError)
		}
	}
}

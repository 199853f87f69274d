package trace_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"netshare/workspace/trace"
)

func ExampleRecipe() {
	r := trace.Recipe{
		Name:     "dns",
		Time:     trace.Epoch("ts", trace.Second),
		Metadata: []trace.Field{trace.IP("client"), trace.IP("server")},
		Series:   []trace.Field{trace.Category("qtype", "A", "AAAA"), trace.Real("rtt").Range(0, math.Inf(1))},
	}
	fmt.Println(r.Validate(), r.KeyNames())
	// Output: <nil> [client server]
}

func TestValidateNamesAllFaults(t *testing.T) {
	double := func(x []float64) []float64 { return x }
	for _, tc := range []struct {
		name   string
		recipe trace.Recipe
		faults []string
	}{
		{"nothing", trace.Recipe{Name: "x"}, []string{"no metadata and no series field"}},
		{"time of the wrong kind", trace.Recipe{Time: trace.IP("ts"), Series: []trace.Field{trace.Real("x")}}, []string{`field "ts": the time field is of kind address`}},
		{
			"twice and empty",
			trace.Recipe{Metadata: []trace.Field{trace.IP("a"), trace.IP("a")}, Series: []trace.Field{trace.Real("x").Range(2, 1)}},
			[]string{`field "a" is declared twice`, `field "x": range 2 to 1 is empty`},
		},
		{"half a transform", trace.Recipe{Series: []trace.Field{trace.Real("x").Transform(double, nil)}}, []string{"needs both"}},
		{"transform of text", trace.Recipe{Series: []trace.Field{trace.Text("x").Transform(double, double)}}, []string{"needs a number"}},
		{"key of no metadata", trace.Recipe{Metadata: []trace.Field{trace.IP("a")}, Key: []string{"b"}}, []string{`session key "b"`}},
		{"no key, but series", trace.Recipe{Series: []trace.Field{trace.Real("x")}, Key: []string{}}, []string{"empty key and series fields"}},
		{"no name", trace.Recipe{Series: []trace.Field{trace.Real(" ")}}, []string{"has no name"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.recipe.Validate()
			if err == nil {
				t.Fatal("no fault was found")
			}
			for _, f := range tc.faults {
				if !strings.Contains(err.Error(), f) {
					t.Errorf("%v\ndoes not say: %s", err, f)
				}
			}
		})
	}
}

// TestRecipeAsJSON: a recipe without functions survives, open bounds too.
func TestRecipeAsJSON(t *testing.T) {
	r := trace.Recipe{
		Name: "x", Time: trace.Timestamp("t", "2006-01-02"), Key: []string{},
		Metadata: []trace.Field{trace.Integer("n").Range(1, math.Inf(1)).Encode(trace.EncodeLog), trace.Category("c", "a", "b")},
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back trace.Recipe
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, back) {
		t.Errorf("%+v became %+v", r, back)
	}
}

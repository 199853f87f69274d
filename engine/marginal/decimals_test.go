package marginal

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"netshare/workspace/trace"
)

// Reals of few decimals come out with no more, and the frequent ones exactly.
func TestRealsKeepTheirDecimals(t *testing.T) {
	recipe := trace.Recipe{Name: "rates", Series: []trace.Field{trace.Real("rate"), trace.Real("whole"), trace.Real("fine")}}
	types := map[string]trace.Type{"rate": trace.TypeReal, "whole": trace.TypeReal, "fine": trace.TypeReal}
	r := rand.New(rand.NewPCG(1, 2))
	var sessions []trace.Session
	for range 4000 {
		rate := 1.
		if r.IntN(3) == 0 {
			rate = float64(r.IntN(100)) / 100
		}
		sessions = append(sessions, trace.Session{Series: []trace.Row{{nil, rate, float64(r.IntN(9)), r.Float64()}}})
	}
	o := DefaultOptions()
	o.Epsilon = 8
	m, err := Fit(context.Background(), &recipe, types, sessions, o)
	if err != nil {
		t.Fatal(err)
	}
	ones, fine, noise := 0, 0, 0 // values that noise alone makes: missing, or far from any
	err = m.Generate(context.Background(), 2000, r, func(s trace.Session) error {
		row := s.Series[0]
		rate, isRate := row[1].(float64)
		whole, isWhole := row[2].(float64)
		all, isFine := row[3].(float64)
		if !isRate || !isWhole || !isFine || rate > 1.3 {
			noise++
			return nil
		}
		if decimals(rate) > 2 || whole != math.Trunc(whole) {
			t.Errorf("rate %v, whole %v", rate, whole)
		}
		if rate == 1 {
			ones++
		}
		if decimals(all) > 3 {
			fine++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if ones < 1200 || ones > 1480 || fine < 1880 || noise > 20 {
		t.Errorf("%d of 2000 rates are 1, want about 1333; %d have many decimals; %d are missing or far off", ones, fine, noise)
	}
}

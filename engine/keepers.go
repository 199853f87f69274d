package engine

import (
	"math/rand/v2"
	"runtime"
	"sync"

	"netshare/engine/codec"
	"netshare/workspace/trace"
)

// keepers make runs of generated sessions keep rules, several at a time. Which
// of them has a run does not depend on how many threads there are.
type keepers []*keeper

const (
	keepersAtOnce = 4
	keeperRun     = 128 // things that are made or looked at together
)

func newKeepers(r *rules, c *codec.Codec, rnd *rand.Rand, given bool) keepers {
	c.Ready()
	var ks keepers
	for range keepersAtOnce {
		k := newKeeper(r.copied(), c, rand.New(rand.NewPCG(rnd.Uint64(), rnd.Uint64())))
		k.given = given
		ks = append(ks, k)
	}
	return ks
}

// copied returns rules that can be asked at the same time as r.
func (r *rules) copied() *rules {
	c := *r
	c.Rules = nil
	for i := range r.Rules {
		c.Rules = append(c.Rules, r.Rules[i].Copy())
	}
	return &c
}

// hold makes the sessions of each run keep the rules.
func (ks keepers) hold(runs [][]trace.Session) {
	atOnce(len(ks), func(i int) {
		for j := i; j < len(runs); j += len(ks) {
			ks[i].hold(runs[j])
		}
	})
	for _, run := range runs {
		ks[0].distinguish(run)
	}
}

// each calls f for runs of n things, several at a time, each with random numbers of
// its own, and a keeper for the time of the call.
func (ks keepers) each(n int, r *rand.Rand, f func(from, to int, k *keeper, r *rand.Rand)) {
	seed := r.Uint64()
	atOnce(len(ks), func(i int) {
		for from := i * keeperRun; from < n; from += len(ks) * keeperRun {
			f(from, min(from+keeperRun, n), ks[i], rand.New(rand.NewPCG(seed, uint64(from))))
		}
	})
}

// atOnce calls f for 0 to n-1, on as many threads as there are.
func atOnce(n int, f func(i int)) {
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	wait.Wait()
}

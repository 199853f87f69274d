package eval_test

import (
	"context"
	"fmt"
	"log"

	"netshare/eval"
	"netshare/workspace/trace"
)

// A synthetic trace that makes every second DNS flow a web flow.
func ExampleCompare() {
	columns := []trace.Column{
		{Name: "host", Type: trace.TypeText, Kind: trace.KindCategory},
		{Name: "dstport", Type: trace.TypeInt, Kind: trace.KindPort},
	}
	real, synth := eval.NewTrace("real", columns), eval.NewTrace("synthetic", columns)
	for i := range 400 {
		host := fmt.Sprint("host", i/4)
		port := []int64{53, 443}[i%2]
		if err := real.Append(trace.Row{host, port}); err != nil {
			log.Fatal(err)
		}
		if i%4 == 0 {
			port = 443
		}
		if err := synth.Append(trace.Row{host, port}); err != nil {
			log.Fatal(err)
		}
	}
	opts := eval.DefaultOptions()
	opts.Key = []string{"host"}
	r, err := eval.Compare(context.Background(), real, synth, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Overall.Score < 100)
	fmt.Println(r.Worst[0].Words)
	// Output:
	// true
	// synthetic records with dstport 53 are 2.00 times too few (25 % against 50 %)
}

func ExampleEarthMover() {
	fmt.Printf("%.2f\n", eval.EarthMover([]float64{1, 2, 3}, []float64{2, 3, 5}))
	// Output: 1.33
}

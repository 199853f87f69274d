package marginal

// chain is how an attribute of records goes from one record to the next.
type chain struct {
	Attribute int       // of Model.Attributes
	Mass      []float64 // [classes before][classes after], sessions of several records
}

// fitChains learns the transitions of the records' attributes.
func (f *fitter) fitChains(t *table, rho float64) error {
	as := f.model.Attributes
	var of []int
	for i := range as {
		if as[i].Series && as[i].Count > 1 {
			of = append(of, i)
		}
	}
	for _, i := range of {
		n := as[i].Count
		exact := make([]int64, n*n)
		for from := 0; from < len(t.weight); {
			to := from + 1
			for to < len(t.weight) && !t.first[to] {
				to++
			}
			steps := to - from - 1
			if as[i].Role == ofGap { // the first record has none
				from++
				steps--
			}
			for k := from + 1; k < to; k++ {
				exact[int(t.codes[i][k-1])*n+int(t.codes[i][k])] += weight / int64(steps)
			}
			from = to
		}
		noised, _, err := f.look.counts("from record to record: "+as[i].Def.Name, rho/float64(len(of)), 1, exact)
		if err != nil {
			return err
		}
		settle(noised, max(f.several, 1))
		f.model.Chains = append(f.model.Chains, chain{Attribute: i, Mass: noised})
	}
	return nil
}

package eval

import (
	"math"
	"slices"

	"netshare/workspace/trace"
)

// Metric describes one measure. All are distances: 0 is alike, larger is
// farther apart.
type Metric struct {
	Name     string       `json:"name"`
	Title    string       `json:"title"` // for people
	Property string       `json:"property"`
	Worst    float64      `json:"worst"`           // the largest value
	Kinds    []trace.Kind `json:"kinds,omitempty"` // of the columns it applies to; nil for all
	Formula  string       `json:"formula"`
	Source   string       `json:"source"`

	// Root says that scores are made of the square root: a divergence's root
	// is a distance (Endres and Schindelin 2003), the divergence itself is not.
	Root bool `json:"root,omitempty"`

	counts  func(p, q []float64) float64                // of a metric over values' counts
	numbers func(x, y []float64, s numberScale) float64 // of a metric over sorted numbers
	uniform func(x []float64, s numberScale) float64    // the same against uniform noise over the real range
	worst   func(x []float64, s numberScale) float64    // the largest value on this data; nil for Worst
}

// textKinds are the kinds compared by identity; numberKinds those compared as
// quantities.
func textKinds() []trace.Kind {
	return []trace.Kind{trace.KindAddress, trace.KindPort, trace.KindProtocol, trace.KindCategory, trace.KindBoolean, trace.KindText}
}

func numberKinds() []trace.Kind { return []trace.Kind{trace.KindInteger, trace.KindReal} }

// Metrics returns every metric of a report, in its order.
func Metrics() []Metric {
	ln2 := math.Ln2
	all := []Metric{
		{
			Name: "presence", Title: "Column missing", Property: Columns, Worst: 1,
			Formula: "1 where the synthetic table lacks a column of the real one", Source: "SDMetrics, TableStructure",
		},
		{
			Name: "jsd", Title: "Jensen-Shannon divergence", Property: Columns, Worst: ln2, Root: true, Kinds: textKinds(),
			Formula: "(KL(p||m) + KL(q||m))/2 in nats, m = (p+q)/2, p and q the values' shares of records; a missing value is a value; addresses count where 90 % of synthetic records bear real ones",
			Source:  "NetShare (SIGCOMM 2022) section 6; dist_metrics.py", counts: JensenShannon,
		},
		{
			Name: "tv", Title: "Total variation", Property: Columns, Worst: 1, Kinds: textKinds(),
			Formula: "half the sum of |p - q| over the values' shares of records; a missing value is a value; addresses count as for jsd",
			Source:  "SDMetrics, TVComplement (its complement)", counts: TotalVariation,
		},
		{
			Name: "jsd_rank", Title: "Jensen-Shannon divergence of rank-frequency", Property: Columns, Worst: ln2, Root: true,
			Kinds:   []trace.Kind{trace.KindAddress, trace.KindText},
			Formula: "jsd of the shares in falling order, whatever the values are called",
			Source:  "NetShare (SIGCOMM 2022) section 6; dist_metrics.py, compute_IP_rank_distance",
			counts:  func(p, q []float64) float64 { return JensenShannon(RankFrequency(p), RankFrequency(q)) },
		},
		{
			Name: "emd", Title: "Earth mover's distance", Property: Columns, Worst: 1, Kinds: numberKinds(),
			Formula: "integral of |F-G| over the real range (max-min); counted where the range is not dominated by a few large values; the worst is a constant at the farther end of the range",
			Source:  "NetShare (SIGCOMM 2022) section 6; scipy.stats.wasserstein_distance",
			numbers: func(x, y []float64, s numberScale) float64 { return s.normalised(x, y) }, uniform: uniformEMD, worst: constantEMD,
		},
		{
			Name: "emd_log", Title: "Earth mover's distance, log scale", Property: Columns, Worst: 1, Kinds: numberKinds(),
			Formula: "emd of log(1+x/s), s the 5 % quantile of the real positive values; for non-negative numbers whose largest value is 20 times their upper quartile",
			Source:  "this project: emd hardly moves on heavy tails",
			numbers: func(x, y []float64, s numberScale) float64 {
				return s.logarithmic().normalised(s.logs(x), s.logs(y))
			},
			uniform: func(x []float64, s numberScale) float64 { return uniformEMD(s.logs(x), s.logarithmic()) },
			worst:   func(x []float64, s numberScale) float64 { return constantEMD(s.logs(x), s.logarithmic()) },
		},
		{
			Name: "ks", Title: "Kolmogorov-Smirnov distance", Property: Columns, Worst: 1, Kinds: numberKinds(),
			Formula: "largest |F-G|", Source: "SDMetrics, KSComplement (its complement)",
			numbers: func(x, y []float64, _ numberScale) float64 { return kolmogorovSmirnov(x, y) }, uniform: uniformKS,
		},
		{
			Name: "statistics", Title: "Mean, median and deviation", Property: Columns, Worst: 1, Kinds: numberKinds(),
			Formula: "mean of |real - synthetic| of mean, median and standard deviation, over the real range, at most 1 each; of log(1+x/s) where emd_log applies",
			Source:  "SDMetrics, StatisticSimilarity (its complement)",
			numbers: statistics, uniform: uniformStatistics,
		},
		{
			Name: "validity", Title: "Values that can't be", Property: Coverage, Worst: 1,
			Kinds:   []trace.Kind{trace.KindAddress, trace.KindPort, trace.KindProtocol, trace.KindCategory},
			Formula: "share of synthetic records that hold no address, no port (0 to 65535), no protocol (0 to 255, or a name of the real trace), or TCP flags that no packet has together (SYN with FIN or RST, FIN without ACK, none); counted where every real record passes and a synthetic one does not",
			Source:  "this project; RFC 9293 section 3.10.7 for flags",
		},
		{
			Name: "rules", Title: "Records that can't be", Property: Coverage, Worst: 1,
			Formula: "share of synthetic records that break a rule which the recipe declares, or which holds in every real record: sums, bytes of packets, order, bounds by protocol and category, values that are never together; counted where there is one; the baseline is that of one half of the real trace by the other's rules",
			Source:  "this project",
		},
		{
			Name: "missing", Title: "Share of missing values", Property: Coverage, Worst: 1,
			Formula: "|share of missing or not finite values, real - synthetic|", Source: "SDMetrics, MissingValueSimilarity (its complement)",
		},
		{
			Name: "coverage_values", Title: "Values covered", Property: Coverage, Worst: 1,
			Kinds:   []trace.Kind{trace.KindPort, trace.KindProtocol, trace.KindCategory, trace.KindBoolean},
			Formula: "1 - |R∩S|/|R∪S| of the distinct values", Source: "NetShare's sdmetrics fork, SingleAttrCoverage (its complement)",
			counts: jaccard,
		},
		{
			Name: "lost_value", Title: "Most frequent value lost", Property: Coverage, Worst: 1,
			Kinds:   []trace.Kind{trace.KindAddress, trace.KindPort, trace.KindProtocol, trace.KindCategory, trace.KindBoolean},
			Formula: "largest share of real records of a value with under a tenth of that share of the synthetic ones; the worst is the most frequent value's; addresses count as for jsd",
			Source:  "this project: a heavy hitter that is gone drowns in what jsd sums over all addresses", counts: lostShare,
		},
		{
			Name: "coverage_range", Title: "Range covered", Property: Coverage, Worst: 1, Kinds: numberKinds(),
			Formula: "1 - overlap/union of [min, max]; two equal constants are alike",
			Source:  "NetShare's sdmetrics fork, SingleAttrCoverage (its complement; NaN there for constants)",
			numbers: func(x, y []float64, _ numberScale) float64 { return rangeMissed(x, y) },
		},
		{
			Name: "pearson", Title: "Correlation", Property: Pairs, Worst: 1, Kinds: numberKinds(),
			Formula: "|r_real - r_synthetic|/2, Pearson's r over records where both are finite; r of a synthetic constant is 0",
			Source:  "SDMetrics, CorrelationSimilarity (its complement)",
		},
		{
			Name: "spearman", Title: "Rank correlation", Property: Pairs, Worst: 1, Kinds: numberKinds(),
			Formula: "as pearson, of the values' ranks within their table", Source: "SDMetrics, CorrelationSimilarity (its complement)",
		},
		{
			Name: "cramers_v", Title: "Association of categories", Property: Pairs, Worst: 1, Kinds: textKinds(),
			Formula: "|V_real - V_synthetic| over the 20 most frequent real values of each column and one for the rest",
			Source:  "Cramér 1946",
		},
		{
			Name: "correlation_ratio", Title: "Association of a category and a number", Property: Pairs, Worst: 1,
			Formula: "|eta_real - eta_synthetic|, eta² = variance of the ranks between categories / all; 20 most frequent real values and one for the rest",
			Source:  "Fisher 1925, of ranks",
		},
		{
			Name: "contingency", Title: "Contingency table", Property: Pairs, Worst: 1,
			Formula: "total variation of the shares of pairs of values, texts as their 20 most frequent real values and the rest, numbers in 6 parts of equal real count; not of two numbers",
			Source:  "SDMetrics, ContingencySimilarity (its complement, in 10 parts of equal width there)",
		},
		{
			Name: "given", Title: "Record given its session", Property: Pairs, Worst: 1,
			Formula: "mean over the values v of a column that is constant within sessions, by their real share, of the total variation of a column that changes, among the records with v; as contingency counts; 1 where no synthetic record has v",
			Source:  "NetShare's sdmetrics fork, SingleAttrSingleFeatureCorrelation (which fails on a value that is lost)",
		},
		{
			Name: "equal", Title: "Equal values in two columns", Property: Pairs, Worst: 1,
			Formula: "|share of records with the same value in both columns, real - synthetic|, of columns of one kind where it is 0.1 % or more on a side",
			Source:  "this project: an association by frequent values does not see that a person or host is named twice",
		},
		{
			Name: "spurious", Title: "Association out of nothing", Property: Pairs, Worst: 1,
			Formula: "mean distance over the pairs, or the triples, that the real trace shows no association in",
			Source:  "this project: such columns can't tell a joint model from independent columns, but can be got wrong",
		},
		{
			Name: "triples", Title: "Joint distribution of three columns", Property: Joint, Worst: 1,
			Formula: "total variation over triples of columns, numbers in 6 parts of equal real count, texts as their 6 most frequent real values and the rest",
			Source:  "this project",
		},
		{
			Name: "sliced_emd", Title: "Numbers together", Property: Joint, Worst: sliceWorst,
			Formula: "mean over 32 directions of the earth mover's distance of the projected ranks of all numbers (each within its own table, a missing one in the middle), in 256 bins, over the projection's range",
			Source:  "Rabin et al. 2011, sliced Wasserstein distance, of the copula",
		},
		{
			Name: "detection_logistic", Title: "Told apart by logistic regression", Property: Joint, Worst: 1,
			Formula: "as detection, by a logistic regression with a coefficient for each of 32 bins of a column, L2 penalty 1: sees columns, not what is between them",
			Source:  "SDMetrics, LogisticDetection",
		},
		{
			Name: "detection", Title: "Told apart by a classifier", Property: Joint, Worst: 1,
			Formula: "max(0, 2 AUC - 1) of gradient-boosted trees that tell real from synthetic records by their columns, session length and gap; three folds by session",
			Source:  "SDMetrics, detection metrics; Friedman 2001",
		},
		{
			Name: "session_length", Title: "Session length", Property: Sessions, Worst: 1,
			Formula: "emd, emd_log and ks of the records of each session", Source: "NetShare's sdmetrics fork, SessionLengthDistSimilarity; flow size of the paper",
		},
		{
			Name: "session_duration", Title: "Session duration", Property: Sessions, Worst: 1,
			Formula: "the same of last less first time of each session", Source: "NetShare's dist_metrics.py, get_flowduration",
		},
		{
			Name: "interarrival", Title: "Interarrival time within sessions", Property: Sessions, Worst: 1,
			Formula: "the same of the gaps between a session's records in time order",
			Source:  "NetShare's sdmetrics fork, InterarrivalDistSimilarity (which leaves rows unsorted)",
		},
		{
			Name: "time", Title: "Place in time", Property: TimeOrder, Worst: 1, Kinds: []trace.Kind{trace.KindTimestamp},
			Formula: "emd and ks of times, each side from its own earliest", Source: "NetShare (SIGCOMM 2022) section 6; dist_metrics.py",
		},
		{
			Name: "time_volume", Title: "Volume over time", Property: TimeOrder, Worst: ln2, Root: true, Kinds: []trace.Kind{trace.KindTimestamp},
			Formula: "jsd of the shares of records in 50 equal slices of the real span and one beyond it, each side from its own earliest",
			Source:  "this project",
		},
		{
			Name: "time_span", Title: "Length of the trace", Property: TimeOrder, Worst: 1, Kinds: []trace.Kind{trace.KindTimestamp},
			Formula: "1 - shorter/longer span from first to last record", Source: "this project",
		},
		{
			Name: "arrival", Title: "Gaps between records", Property: TimeOrder, Worst: 1, Kinds: []trace.Kind{trace.KindTimestamp},
			Formula: "emd_log and ks of the gaps between consecutive records of the whole trace", Source: "this project",
		},
	}
	return slices.Concat(all, seriesMetrics(), networkMetrics(), taskMetrics())
}

// metric returns the named metric.
func metric(name string) Metric {
	for _, m := range Metrics() {
		if m.Name == name {
			return m
		}
	}
	panic("eval: no metric " + name)
}

// appliesTo reports whether the metric is for columns of kind k.
func (m Metric) appliesTo(k trace.Kind) bool {
	if m.Kinds == nil {
		return true
	}
	for _, want := range m.Kinds {
		if want == k {
			return true
		}
	}
	return false
}

// lostValue returns the value with the largest share of p that has under a
// tenth of it in q, -1 for none, and that share.
func lostValue(p, q []float64) (value int, share float64) {
	np, nq := total(p), total(q)
	value = -1
	for i := range p {
		if a := p[i] / np; a > share && q[i]/max(nq, 1) < a/10 {
			value, share = i, a
		}
	}
	return value, share
}

func lostShare(p, q []float64) float64 {
	if total(p) == 0 {
		return math.NaN()
	}
	_, share := lostValue(p, q)
	return share
}

func jaccard(p, q []float64) float64 {
	var both, either float64
	for i := range max(len(p), len(q)) {
		a, b := i < len(p) && p[i] > 0, i < len(q) && q[i] > 0
		if a && b {
			both++
		}
		if a || b {
			either++
		}
	}
	if either == 0 {
		return math.NaN()
	}
	return 1 - both/either
}

func rangeMissed(x, y []float64) float64 {
	if len(x) == 0 || len(y) == 0 {
		return math.NaN()
	}
	x0, x1, y0, y1 := x[0], x[len(x)-1], y[0], y[len(y)-1]
	union := max(x1, y1) - min(x0, y0)
	if union == 0 {
		return 0
	}
	return 1 - max(0, min(x1, y1)-max(x0, y0))/union
}

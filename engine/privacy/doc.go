// Package privacy accounts for differential privacy and draws its noise.
//
// A Ledger holds every mechanism that looked at a trace: Gaussian noise on
// counts, Gaussian noise on gradients of Poisson-sampled sessions, exponential
// mechanisms that choose. Their Rényi divergences add up, order by order; the
// sum becomes an (epsilon, delta) guarantee by the improved conversion. The
// guarantee is for neighbours that differ by one unit added or removed, and
// what a unit is (a record, a session, a source host) is up to whoever computes
// the sensitivity.
//
// Noise is drawn from the operating system's randomness and from nothing else,
// so that no seed repeats it. Counts get discrete Gaussian noise, drawn exactly
// in integers. Gradients are put on a lattice before noise is added and noise
// is rounded to the same lattice, so that which floating-point numbers can come
// out does not depend on the data (Mironov 2012).
//
// The package knows no traces and no models.
package privacy

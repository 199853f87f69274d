// Package task measures whether a synthetic trace serves what a real one is
// used for: predicting the kind of traffic, estimating heavy hitters by
// sketches, and detecting anomalies. Each task is done with the real and with
// the synthetic trace, and what comes out is compared.
//
// It owns the classifiers, sketches and detectors, small ones of their kinds
// that need no tuning; it knows nothing of traces or reports: package eval makes
// features and keys of columns and writes up what is found.
//
// Source: NetShare (SIGCOMM 2022), section 6.3.
package task

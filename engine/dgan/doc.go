// Package dgan is NetShare's DoppelGANger: a generator of metadata rows, an LSTM that makes the series of
// records of each, and two Wasserstein critics with gradient penalty, of the whole sample and of its metadata.
//
// A sample is a metadata row [A] and a series [T, F] of at most T records, zero after its length. Heads say
// which columns are one-hot categories and which are numbers. The package owns networks, losses, Adam, random
// numbers and the saved state; it knows nothing of fields, sessions or files, which codec and engine do.
//
// Every network is one fused operation with a hand-derived gradient over the kernels of package kern; gorgonia's
// graphs, differentiation, tape machine and solver interface hold them together. Given seed, data and
// processor, training gives the same bits, whatever GOMAXPROCS is, and also when it was saved and loaded in
// between.
//
// Sources: Lin et al., Using GANs for Sharing Networked Time Series Data (DoppelGANger, IMC 2020); Yin et al.,
// Practical GAN-based Synthetic IP Header Trace Generation using NetShare (SIGCOMM 2022); Gulrajani et al.,
// Improved Training of Wasserstein GANs (2017).
package dgan

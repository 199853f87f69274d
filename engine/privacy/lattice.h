#ifndef NETSHARE_PRIVACY_LATTICE_H
#define NETSHARE_PRIVACY_LATTICE_H
#include <stdint.h>

// ns_lattice rounds each of the n numbers of x to a multiple of a step, adds a rounded Gaussian number made of
// its 64 random bits, and multiplies by out: scale is the standard deviation in steps, inverse one over the
// step. n is even.
void ns_lattice(long n, float *x, const uint64_t *bits, double scale, double inverse, double out);
#endif

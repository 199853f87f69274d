// Gaussian noise after Box and Muller, in plain C that compilers vectorise; on x86-64 built for AVX2 with FMA
// and for the baseline. Logarithm, sine and cosine are the polynomials of fdlibm (Sun Microsystems 1993), to a
// unit in the last place.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-trapping-math")
#endif
#include "lattice.h"

#define BODY static inline __attribute__((always_inline))

typedef union {
  uint64_t i;
  double d;
} word;

// unit is a number in [1, 2) of the upper 52 bits.
BODY double unit(uint64_t b) {
  word w;
  w.i = (b >> 12) | 0x3ff0000000000000u;
  return w.d;
}

// ln is the logarithm of a positive normal number.
BODY double ln(double x) {
  word w, e;
  w.d = x;
  e.i = (w.i >> 52) | 0x4330000000000000u; // 2^52 + the exponent
  double k = e.d - 4503599627370496.0 - 1023.0;
  w.i = (w.i & 0xfffffffffffffu) | 0x3ff0000000000000u;
  int big = w.d > 1.4142135623730951;
  double f = (big ? .5 * w.d : w.d) - 1.0;
  k = big ? k + 1.0 : k;
  double s = f / (2.0 + f), z = s * s, h = .5 * f * f;
  double r = 1.479819860511658591e-01;
  r = r * z + 1.531383769920937332e-01;
  r = r * z + 1.818357216161805012e-01;
  r = r * z + 2.222219843214978396e-01;
  r = r * z + 2.857142874366239149e-01;
  r = r * z + 3.999999999940941908e-01;
  r = r * z + 6.666666666666735130e-01;
  return k * 6.93147180369123816490e-01 - ((h - (s * (h + r * z) + k * 1.90821492927058770002e-10)) - f);
}

// turn is sine and cosine of 2 pi v, v in [0, 1).
BODY void turn(double v, double *sine, double *cosine) {
  double t = 4.0 * v, q = (t + 6755399441055744.0) - 6755399441055744.0; // 0 to 4
  double a = (t - q) * 1.5707963267948966, z = a * a;
  double s = 1.58969099521155010221e-10;
  s = s * z - 2.50507602534068634195e-08;
  s = s * z + 2.75573137070700676789e-06;
  s = s * z - 1.98412698298579493134e-04;
  s = s * z + 8.33333333332248946124e-03;
  s = s * z - 1.66666666666666324348e-01;
  s = a + a * z * s;
  double c = -1.13596475577881948265e-11;
  c = c * z + 2.08757232129817482790e-09;
  c = c * z - 2.75573143513906633035e-07;
  c = c * z + 2.48015872894767294178e-05;
  c = c * z - 1.38888888888741095749e-03;
  c = c * z + 4.16666666666666019037e-02;
  c = 1.0 - .5 * z + z * z * c;
  int odd = (q == 1.0) | (q == 3.0);
  double up = odd ? c : s, across = odd ? s : c;
  *sine = (q == 2.0) | (q == 3.0) ? -up : up;
  *cosine = (q == 1.0) | (q == 2.0) ? -across : across;
}

// root is the square root of a number that is not negative, by four Newton steps; compilers don't vectorise the
// library's, which may set errno.
BODY double root(double x) {
  word w;
  w.d = x;
  w.i = 0x5fe6eb50c7b537a9u - (w.i >> 1);
  double y = w.d, h = .5 * x;
  y = y * (1.5 - h * y * y);
  y = y * (1.5 - h * y * y);
  y = y * (1.5 - h * y * y);
  y = y * (1.5 - h * y * y);
  return x * y;
}

BODY void noise(long n, float *x, const uint64_t *bits, double scale, double inverse, double out) {
  long half = n / 2;
  float *y = x + half;
  const uint64_t *more = bits + half;
  for (long i = 0; i < half; i++) {
    double sine, cosine;
    double r = scale * root(-2.0 * ln(2.0 - unit(bits[i])));
    turn(unit(more[i]) - 1.0, &sine, &cosine);
    x[i] = (float)((__builtin_rint(x[i] * inverse) + __builtin_rint(r * cosine)) * out);
    y[i] = (float)((__builtin_rint(y[i] * inverse) + __builtin_rint(r * sine)) * out);
  }
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("avx2,fma"), noinline)) static void fast(long n, float *x, const uint64_t *bits,
                                                               double scale, double inverse, double out) {
  noise(n, x, bits, scale, inverse, out);
}

void ns_lattice(long n, float *x, const uint64_t *bits, double scale, double inverse, double out) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    fast(n, x, bits, scale, inverse, out);
  else
    noise(n, x, bits, scale, inverse, out);
}
#else
void ns_lattice(long n, float *x, const uint64_t *bits, double scale, double inverse, double out) {
  noise(n, x, bits, scale, inverse, out);
}
#endif

// Element-wise kernels. Each is written once as plain C that compilers vectorise, and on x86-64 built
// twice: for AVX2 and FMA, and for the processor's baseline. NaN passes through all of them (no
// finite-math), and sums run in a fixed order.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-trapping-math")
#endif
#include "kern.h"

#include <string.h>

#define BODY static inline __attribute__((always_inline))

#if defined(__x86_64__) && defined(__GNUC__) && !defined(NETSHARE_PORTABLE)
static int use_avx2 = 0;
void ns_select(int avx2) { use_avx2 = avx2; }
#define KERNEL(name, params, args)                                                              \
  __attribute__((target("avx2,fma"), noinline)) static void name##_avx2 params { name args; }   \
  __attribute__((noinline)) static void name##_base params { name args; }                       \
  void ns_##name params {                                                                       \
    if (use_avx2)                                                                               \
      name##_avx2 args;                                                                         \
    else                                                                                        \
      name##_base args;                                                                         \
  }
#else
void ns_select(int avx2) { (void)avx2; }
#define KERNEL(name, params, args) \
  void ns_##name params { name args; }
#endif

// expf without branches, relative error about 1e-7 (Cephes coefficients).
BODY float fexp(float x) {
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  float t = x * 1.44269504088896341f, n = (t + 12582912.0f) - 12582912.0f;
  float f = x - n * 0.693359375f;
  f = f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * f + 1.3981999507e-3f;
  p = p * f + 8.3334519073e-3f;
  p = p * f + 4.1665795894e-2f;
  p = p * f + 1.6666665459e-1f;
  p = p * f + 5.0000001201e-1f;
  p = p * f * f + f + 1.0f;
  union {
    int32_t i;
    float f;
  } u;
  u.i = (int32_t)((uint32_t)((int32_t)n + 127) << 23);
  return p * u.f;
}

// logf of a positive normal number without branches (Cephes coefficients).
BODY float flog(float x) {
  union {
    int32_t i;
    float f;
  } u;
  u.f = x;
  int32_t b = u.i - 0x3f3504f3, e = b >> 23;
  u.i = (b & 0x7fffff) + 0x3f3504f3;
  float f = u.f - 1.0f, z = f * f, n = (float)e;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  p = p * f * z - 2.12194440e-4f * n - 0.5f * z;
  return f + p + 0.693359375f * n;
}

// sqrtf of a number that is not negative, by three Newton steps, to the last two bits; compilers don't
// vectorise the library's, which may set errno.
BODY float fsqrt(float x) {
  union {
    int32_t i;
    float f;
  } u;
  u.f = x;
  u.i = 0x5f3759df - (u.i >> 1);
  float y = u.f;
  y = y * (1.5f - 0.5f * (x * y) * y);
  y = y * (1.5f - 0.5f * (x * y) * y);
  y = y * (1.5f - 0.5f * (x * y) * y);
  return x * y;
}

BODY float fsigmoid(float x) { return 1.0f / (1.0f + fexp(-x)); }
BODY float ftanh(float x) { return 2.0f / (1.0f + fexp(-2.0f * x)) - 1.0f; }

BODY void bias(long m, long n, float *c, const float *b) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) c[i * n + j] += b[j];
}
KERNEL(bias, (long m, long n, float *c, const float *b), (m, n, c, b))

BODY void bias_relu(long m, long n, float *c, const float *b, float slope) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      float v = c[i * n + j] + b[j];
      c[i * n + j] = v < 0 ? slope * v : v;
    }
}
KERNEL(bias_relu, (long m, long n, float *c, const float *b, float slope), (m, n, c, b, slope))

BODY void relu_back(long n, float *d, const float *a, float slope) {
  for (long i = 0; i < n; i++) d[i] = a[i] > 0 ? d[i] : slope * d[i];
}
KERNEL(relu_back, (long n, float *d, const float *a, float slope), (n, d, a, slope))

BODY void axpby(long n, float alpha, const float *x, float beta, float *y) {
  if (beta == 0)
    for (long i = 0; i < n; i++) y[i] = alpha * x[i];
  else
    for (long i = 0; i < n; i++) y[i] = alpha * x[i] + beta * y[i];
}
KERNEL(axpby, (long n, float alpha, const float *x, float beta, float *y), (n, alpha, x, beta, y))

BODY void lerp(long n, const float *x, const float *y, float t, float *o) {
  for (long i = 0; i < n; i++) o[i] = x[i] + t * (y[i] - x[i]);
}
KERNEL(lerp, (long n, const float *x, const float *y, float t, float *o), (n, x, y, t, o))

// Sums of squares of rows, in eight interleaved partial sums.
BODY void sumsq(long m, long n, const float *x, float *o) {
  for (long i = 0; i < m; i++) {
    const float *q = x + i * n;
    float s[8] = {0, 0, 0, 0, 0, 0, 0, 0}, t = 0;
    long j = 0;
    for (; j + 8 <= n; j += 8)
      for (int k = 0; k < 8; k++) s[k] += q[j + k] * q[j + k];
    for (; j < n; j++) t += q[j] * q[j];
    o[i] = ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7])) + t;
  }
}
KERNEL(sumsq, (long m, long n, const float *x, float *o), (m, n, x, o))

// Products of rows, summed as in sumsq.
BODY void rowdot(long m, long n, const float *x, const float *y, float *o) {
  for (long i = 0; i < m; i++) {
    const float *p = x + i * n, *q = y + i * n;
    float s[8] = {0, 0, 0, 0, 0, 0, 0, 0}, t = 0;
    long j = 0;
    for (; j + 8 <= n; j += 8)
      for (int k = 0; k < 8; k++) s[k] += p[j + k] * q[j + k];
    for (; j < n; j++) t += p[j] * q[j];
    o[i] = ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7])) + t;
  }
}
KERNEL(rowdot, (long m, long n, const float *x, const float *y, float *o), (m, n, x, y, o))

BODY void row_scale(long m, long n, float *x, const float *f) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) x[i * n + j] *= f[i];
}
KERNEL(row_scale, (long m, long n, float *x, const float *f), (m, n, x, f))

BODY void colsum(long m, long n, const float *x, float alpha, float beta, float *y) {
  if (beta == 0)
    memset(y, 0, n * sizeof(float));
  else if (beta != 1)
    for (long j = 0; j < n; j++) y[j] *= beta;
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) y[j] += alpha * x[i * n + j];
}
KERNEL(colsum, (long m, long n, const float *x, float alpha, float beta, float *y),
       (m, n, x, alpha, beta, y))

// Kingma and Ba, Adam (2015), algorithm 1; c1 = 1/(1-b1^t), c2 = 1/sqrt(1-b2^t).
BODY void adam(long n, float *p, const float *g, float *m, float *v, float rate, float b1, float b2,
               float eps, float c1, float c2) {
  float a1 = 1 - b1, a2 = 1 - b2;
  for (long i = 0; i < n; i++) {
    float mi = b1 * m[i] + a1 * g[i], vi = b2 * v[i] + a2 * g[i] * g[i];
    m[i] = mi;
    v[i] = vi;
    p[i] -= rate * c1 * mi / (fsqrt(vi) * c2 + eps);
  }
}
KERNEL(adam,
       (long n, float *p, const float *g, float *m, float *v, float rate, float b1, float b2,
        float eps, float c1, float c2),
       (n, p, g, m, v, rate, b1, b2, eps, c1, c2))

// The same with the largest second moment so far, top, in place of the second moment.
BODY void amsgrad(long n, float *p, const float *g, float *m, float *v, float *top, float rate,
                  float b1, float b2, float eps, float c1, float c2) {
  float a1 = 1 - b1, a2 = 1 - b2;
  for (long i = 0; i < n; i++) {
    float mi = b1 * m[i] + a1 * g[i], vi = b2 * v[i] + a2 * g[i] * g[i];
    float ti = vi > top[i] ? vi : top[i];
    m[i] = mi;
    v[i] = vi;
    top[i] = ti;
    p[i] -= rate * c1 * mi / (fsqrt(ti) * c2 + eps);
  }
}
KERNEL(amsgrad,
       (long n, float *p, const float *g, float *m, float *v, float *top, float rate, float b1,
        float b2, float eps, float c1, float c2),
       (n, p, g, m, v, top, rate, b1, b2, eps, c1, c2))

// One LSTM step: z holds the input, forget, cell and output gates before, and after, activation.
BODY void lstm_forward(long m, long h, float *z, const float *c0, float *c, float *out, float *tc) {
  for (long i = 0; i < m; i++) {
    float *q = z + i * 4 * h;
    for (long j = 0; j < 2 * h; j++) q[j] = fsigmoid(q[j]);
    for (long j = 2 * h; j < 3 * h; j++) q[j] = ftanh(q[j]);
    for (long j = 3 * h; j < 4 * h; j++) q[j] = fsigmoid(q[j]);
    for (long j = 0; j < h; j++) {
      float v = q[h + j] * c0[i * h + j] + q[j] * q[2 * h + j], t = ftanh(v);
      c[i * h + j] = v;
      tc[i * h + j] = t;
      out[i * h + j] = q[3 * h + j] * t;
    }
  }
}
KERNEL(lstm_forward,
       (long m, long h, float *z, const float *c0, float *c, float *out, float *tc),
       (m, h, z, c0, c, out, tc))

// The gradient of one LSTM step; dc holds the later step's and takes this one's.
BODY void lstm_back(long m, long h, const float *z, const float *c0, const float *tc,
                    const float *dh, float *dc, float *dz) {
  for (long r = 0; r < m; r++) {
    const float *q = z + r * 4 * h, *p = c0 + r * h, *t = tc + r * h, *g = dh + r * h;
    float *d = dc + r * h, *o = dz + r * 4 * h;
    for (long j = 0; j < h; j++) {
      float gi = q[j], gf = q[h + j], gc = q[2 * h + j], go = q[3 * h + j];
      float v = d[j] + g[j] * go * (1 - t[j] * t[j]);
      o[j] = v * gc * gi * (1 - gi);
      o[h + j] = v * p[j] * gf * (1 - gf);
      o[2 * h + j] = v * gi * (1 - gc * gc);
      o[3 * h + j] = g[j] * t[j] * go * (1 - go);
      d[j] = v * gf;
    }
  }
}
KERNEL(lstm_back,
       (long m, long h, const float *z, const float *c0, const float *tc, const float *dh, float *dc,
        float *dz),
       (m, h, z, c0, tc, dh, dc, dz))

// Head kinds: 0 softmax, 1 sigmoid, 2 tanh, as HeadKind in package dgan. Softmax logits get noise
// (may be null) added and are scaled by 1/temperature.
BODY void heads_forward(long m, long n, float *x, const float *noise, float scale, long heads,
                        const int32_t *kind, const int32_t *off, const int32_t *len) {
  for (long i = 0; i < m; i++)
    for (long k = 0; k < heads; k++) {
      float *q = x + i * n + off[k];
      long l = len[k];
      if (kind[k] == 1) {
        for (long j = 0; j < l; j++) q[j] = fsigmoid(q[j]);
      } else if (kind[k] == 2) {
        for (long j = 0; j < l; j++) q[j] = ftanh(q[j]);
      } else {
        if (noise)
          for (long j = 0; j < l; j++) q[j] = (q[j] + noise[i * n + off[k] + j]) * scale;
        else if (scale != 1)
          for (long j = 0; j < l; j++) q[j] *= scale;
        float top = q[0], sum = 0;
        for (long j = 1; j < l; j++) top = q[j] > top ? q[j] : top;
        for (long j = 0; j < l; j++) q[j] = fexp(q[j] - top);
        for (long j = 0; j < l; j++) sum += q[j];
        sum = 1 / sum;
        for (long j = 0; j < l; j++) q[j] *= sum;
      }
    }
}
KERNEL(heads_forward,
       (long m, long n, float *x, const float *noise, float scale, long heads, const int32_t *kind,
        const int32_t *off, const int32_t *len),
       (m, n, x, noise, scale, heads, kind, off, len))

BODY void heads_back(long m, long n, const float *y, float *d, float scale, long heads,
                     const int32_t *kind, const int32_t *off, const int32_t *len) {
  for (long i = 0; i < m; i++)
    for (long k = 0; k < heads; k++) {
      const float *q = y + i * n + off[k];
      float *g = d + i * n + off[k];
      long l = len[k];
      if (kind[k] == 1) {
        for (long j = 0; j < l; j++) g[j] *= q[j] * (1 - q[j]);
      } else if (kind[k] == 2) {
        for (long j = 0; j < l; j++) g[j] *= 1 - q[j] * q[j];
      } else {
        float s = 0;
        for (long j = 0; j < l; j++) s += q[j] * g[j];
        for (long j = 0; j < l; j++) g[j] = scale * q[j] * (g[j] - s);
      }
    }
}
KERNEL(heads_back,
       (long m, long n, const float *y, float *d, float scale, long heads, const int32_t *kind,
        const int32_t *off, const int32_t *len),
       (m, n, y, d, scale, heads, kind, off, len))

// Softmax heads become one-hot at their first largest class, others are copied.
BODY void heads_hard(long m, long n, const float *x, float *y, long heads, const int32_t *kind,
                     const int32_t *off, const int32_t *len) {
  for (long i = 0; i < m; i++)
    for (long k = 0; k < heads; k++) {
      const float *q = x + i * n + off[k];
      float *o = y + i * n + off[k];
      long l = len[k], best = 0;
      if (kind[k] != 0) {
        memmove(o, q, l * sizeof(float));
        continue;
      }
      for (long j = 1; j < l; j++) best = q[j] > q[best] ? j : best;
      memset(o, 0, l * sizeof(float));
      o[best] = 1;
    }
}
KERNEL(heads_hard,
       (long m, long n, const float *x, float *y, long heads, const int32_t *kind,
        const int32_t *off, const int32_t *len),
       (m, n, x, y, heads, kind, off, len))

// Lists what of a is not zero, by rows: row i has start[i] to start[i+1] of col and val. Returns how many they
// are, or -1 where that could be more than most.
BODY void sparse_list(long m, long k, const float *a, long lda, long most, int32_t *start, int32_t *col,
                      float *val, long *count) {
  long n = 0;
  for (long i = 0; i < m; i++) {
    const float *p = a + i * lda;
    start[i] = (int32_t)n;
    for (long l = 0; l < k; l += 8) {
      long end = l + 8 < k ? l + 8 : k;
      if (end == l + 8) {
        int any = 0;
        for (long j = 0; j < 8; j++) any |= p[l + j] != 0;
        if (!any) continue;
      }
      if (n + end - l > most) {
        *count = -1;
        return;
      }
      for (long t = l; t < end; t++) {
        col[n] = (int32_t)t;
        val[n] = p[t];
        n += p[t] != 0;
      }
    }
  }
  start[m] = (int32_t)n;
  *count = n;
}
KERNEL(sparse_list,
       (long m, long k, const float *a, long lda, long most, int32_t *start, int32_t *col, float *val,
        long *count),
       (m, k, a, lda, most, start, col, val, count))

typedef float lanes __attribute__((vector_size(32), aligned(4), may_alias));

// c += a b, a as listed by sparse_list: rows of b are added in the order of the list, 64 columns at a time in
// registers.
BODY void sparse_product(long m, long n, const int32_t *start, const int32_t *col, const float *val,
                         const float *b, long ldb, float *c, long ldc) {
  long j = 0;
  for (; j + 64 <= n; j += 64)
    for (long i = 0; i < m; i++) {
      if (start[i] == start[i + 1]) continue;
      lanes *q = (lanes *)(c + i * ldc + j);
      lanes s0 = q[0], s1 = q[1], s2 = q[2], s3 = q[3], s4 = q[4], s5 = q[5], s6 = q[6], s7 = q[7];
      for (long t = start[i]; t < start[i + 1]; t++) {
        const lanes *r = (const lanes *)(b + col[t] * ldb + j);
        float v = val[t];
        s0 += v * r[0], s1 += v * r[1], s2 += v * r[2], s3 += v * r[3];
        s4 += v * r[4], s5 += v * r[5], s6 += v * r[6], s7 += v * r[7];
      }
      q[0] = s0, q[1] = s1, q[2] = s2, q[3] = s3, q[4] = s4, q[5] = s5, q[6] = s6, q[7] = s7;
    }
  for (long i = 0; i < m; i++)
    for (long t = start[i]; t < start[i + 1]; t++) {
      const float *r = b + col[t] * ldb;
      for (long l = j; l < n; l++) c[i * ldc + l] += val[t] * r[l];
    }
}
KERNEL(sparse_product,
       (long m, long n, const int32_t *start, const int32_t *col, const float *val, const float *b,
        long ldb, float *c, long ldc),
       (m, n, start, col, val, b, ldb, c, ldc))

BODY void batch_stats(long m, long n, const float *x, float *mean, float *var) {
  memset(mean, 0, n * sizeof(float));
  memset(var, 0, n * sizeof(float));
  float s = 1.0f / (float)m;
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) mean[j] += s * x[i * n + j];
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      float d = x[i * n + j] - mean[j];
      var[j] += s * d * d;
    }
}
KERNEL(batch_stats, (long m, long n, const float *x, float *mean, float *var), (m, n, x, mean, var))

BODY void batch_forward(long m, long n, const float *x, const float *mean, const float *istd,
                        const float *gain, const float *shift, float *xh, float *y) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      float v = (x[i * n + j] - mean[j]) * istd[j];
      xh[i * n + j] = v;
      y[i * n + j] = v * gain[j] + shift[j];
    }
}
KERNEL(batch_forward,
       (long m, long n, const float *x, const float *mean, const float *istd, const float *gain,
        const float *shift, float *xh, float *y),
       (m, n, x, mean, istd, gain, shift, xh, y))

BODY void norm_params(long m, long n, const float *xh, const float *d, float *dgain, float *dshift) {
  memset(dgain, 0, n * sizeof(float));
  memset(dshift, 0, n * sizeof(float));
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      dgain[j] += d[i * n + j] * xh[i * n + j];
      dshift[j] += d[i * n + j];
    }
}

// Ioffe and Szegedy, Batch Normalization (2015), section 3.
BODY void batch_back(long m, long n, const float *xh, const float *istd, const float *gain, float *d,
                     float *dgain, float *dshift) {
  norm_params(m, n, xh, d, dgain, dshift);
  float s = 1.0f / (float)m;
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++)
      d[i * n + j] =
          gain[j] * istd[j] * (d[i * n + j] - s * (dshift[j] + xh[i * n + j] * dgain[j]));
}
KERNEL(batch_back,
       (long m, long n, const float *xh, const float *istd, const float *gain, float *d,
        float *dgain, float *dshift),
       (m, n, xh, istd, gain, d, dgain, dshift))

// Ba, Kiros and Hinton, Layer Normalization (2016).
BODY void layer_forward(long m, long n, const float *x, const float *gain, const float *shift,
                        float *istd, float *xh, float *y) {
  for (long i = 0; i < m; i++) {
    const float *q = x + i * n;
    float mean = 0, var = 0;
    for (long j = 0; j < n; j++) mean += q[j];
    mean /= (float)n;
    for (long j = 0; j < n; j++) var += (q[j] - mean) * (q[j] - mean);
    istd[i] = 1.0f / fsqrt(var / (float)n + 1e-5f);
    for (long j = 0; j < n; j++) {
      float v = (q[j] - mean) * istd[i];
      xh[i * n + j] = v;
      y[i * n + j] = v * gain[j] + shift[j];
    }
  }
}
KERNEL(layer_forward,
       (long m, long n, const float *x, const float *gain, const float *shift, float *istd, float *xh,
        float *y),
       (m, n, x, gain, shift, istd, xh, y))

BODY void layer_back(long m, long n, const float *xh, const float *istd, const float *gain, float *d,
                     float *dgain, float *dshift) {
  norm_params(m, n, xh, d, dgain, dshift);
  for (long i = 0; i < m; i++) {
    const float *x = xh + i * n;
    float *q = d + i * n, a = 0, b = 0, s = 1.0f / (float)n;
    for (long j = 0; j < n; j++) {
      q[j] *= gain[j];
      a += q[j];
      b += q[j] * x[j];
    }
    for (long j = 0; j < n; j++) q[j] = istd[i] * (q[j] - s * (a + x[j] * b));
  }
}
KERNEL(layer_back,
       (long m, long n, const float *xh, const float *istd, const float *gain, float *d,
        float *dgain, float *dshift),
       (m, n, xh, istd, gain, d, dgain, dshift))

// Eight lanes of xoshiro128++ (Blackman and Vigna, 2021), seed[4][8]; numbers k/2^23 + 1/2^24.
BODY void uniform(long n, float *x, const uint32_t *seed) {
  uint32_t a[8], b[8], c[8], d[8];
  memcpy(a, seed, sizeof a);
  memcpy(b, seed + 8, sizeof b);
  memcpy(c, seed + 16, sizeof c);
  memcpy(d, seed + 24, sizeof d);
  for (long i = 0; i < n; i += 8) {
    float o[8];
    for (int k = 0; k < 8; k++) {
      uint32_t s = a[k] + d[k], r = ((s << 7) | (s >> 25)) + a[k], t = b[k] << 9;
      c[k] ^= a[k];
      d[k] ^= b[k];
      b[k] ^= c[k];
      a[k] ^= d[k];
      c[k] ^= t;
      d[k] = (d[k] << 11) | (d[k] >> 21);
      o[k] = ((float)(int32_t)(r >> 9) + 0.5f) * 0x1p-23f;
    }
    if (n - i >= 8)
      memcpy(x + i, o, sizeof o);
    else
      memcpy(x + i, o, (n - i) * sizeof(float));
  }
}
KERNEL(uniform, (long n, float *x, const uint32_t *seed), (n, x, seed))

// Normal numbers through the inverse error function of Giles (Approximating the erfinv function, 2010).
BODY void normal(long n, float *x, const uint32_t *seed) {
  uniform(n, x, seed);
  for (long i = 0; i < n; i++) {
    float u = x[i], w = -flog(4.0f * u * (1.0f - u));
    float s = fsqrt(w), t = w < 5.0f ? w - 2.5f : s - 3.0f;
    float p = w < 5.0f ? 2.81022636e-08f : -0.000200214257f;
    p = p * t + (w < 5.0f ? 3.43273939e-07f : 0.000100950558f);
    p = p * t + (w < 5.0f ? -3.5233877e-06f : 0.00134934322f);
    p = p * t + (w < 5.0f ? -4.39150654e-06f : -0.00367342844f);
    p = p * t + (w < 5.0f ? 0.00021858087f : 0.00573950773f);
    p = p * t + (w < 5.0f ? -0.00125372503f : -0.0076224613f);
    p = p * t + (w < 5.0f ? -0.00417768164f : 0.00943887047f);
    p = p * t + (w < 5.0f ? 0.246640727f : 1.00167406f);
    p = p * t + (w < 5.0f ? 1.50140941f : 2.83297682f);
    x[i] = 1.41421356237f * (2.0f * u - 1.0f) * p;
  }
}
KERNEL(normal, (long n, float *x, const uint32_t *seed), (n, x, seed))

BODY void gumbel(long n, float *x, const uint32_t *seed) {
  uniform(n, x, seed);
  for (long i = 0; i < n; i++) x[i] = -flog(-flog(x[i]));
}
KERNEL(gumbel, (long n, float *x, const uint32_t *seed), (n, x, seed))

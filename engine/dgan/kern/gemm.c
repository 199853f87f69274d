// A small SGEMM after Goto and van de Geijn (Anatomy of High-Performance Matrix Multiplication, 2008):
// both operands are packed into panels, B on the way of its first use, and a register tile of 6 x 16 runs
// over them with AVX2 and FMA. Every element of C sums over k in the same order whatever the split by rows,
// or by multiples of 16 columns, so that callers may share the work among threads without changing a bit of
// the result.
#include "kern.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(NETSHARE_PORTABLE)
#include <immintrin.h>
#include <string.h>

enum { MR = 6, NR = 16, MC = 144, KC = 256, NC = 2048 };

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline))

int ns_detect(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

long ns_scratch_a(void) { return MC * KC + 2; }  // columns of 6 are written 8 wide
long ns_scratch_b(long n) {
  long w = n < NC ? n : NC;
  return (w + NR - 1) / NR * NR * KC;
}

// product computes rows x cols (at most 6 x 16) of C from one panel of A and one of B, whose rows are ldb
// apart. Where d is given, it writes B's panel there, packed, on its way, and multiplies while it waits for memory.
AVX2 INLINE void product(long k, const float *a, const float *b, long ldb, float *d, float *c, long ldc,
                         float alpha, float beta, long rows, long cols) {
  __m256 r[MR][2];
  __m256 c00 = _mm256_setzero_ps(), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00,
         c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  for (long i = 0; i < rows; i++) {  // C is wanted at the end: it may as well come meanwhile
    _mm_prefetch((const char *)(c + i * ldc), _MM_HINT_T0);
    _mm_prefetch((const char *)(c + i * ldc + NR - 1), _MM_HINT_T0);
  }
#pragma GCC unroll 4
  for (long p = 0; p < k; p++) {
    __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8), x;
    if (d) {
      _mm_prefetch((const char *)(b + 2 * NR), _MM_HINT_T0);  // the panel after the next
      _mm256_storeu_ps(d, b0);
      _mm256_storeu_ps(d + 8, b1);
      d += NR;
    }
    x = _mm256_broadcast_ss(a + 0);
    c00 = _mm256_fmadd_ps(x, b0, c00);
    c01 = _mm256_fmadd_ps(x, b1, c01);
    x = _mm256_broadcast_ss(a + 1);
    c10 = _mm256_fmadd_ps(x, b0, c10);
    c11 = _mm256_fmadd_ps(x, b1, c11);
    x = _mm256_broadcast_ss(a + 2);
    c20 = _mm256_fmadd_ps(x, b0, c20);
    c21 = _mm256_fmadd_ps(x, b1, c21);
    x = _mm256_broadcast_ss(a + 3);
    c30 = _mm256_fmadd_ps(x, b0, c30);
    c31 = _mm256_fmadd_ps(x, b1, c31);
    x = _mm256_broadcast_ss(a + 4);
    c40 = _mm256_fmadd_ps(x, b0, c40);
    c41 = _mm256_fmadd_ps(x, b1, c41);
    x = _mm256_broadcast_ss(a + 5);
    c50 = _mm256_fmadd_ps(x, b0, c50);
    c51 = _mm256_fmadd_ps(x, b1, c51);
    a += MR;
    b += ldb;
  }
  r[0][0] = c00, r[0][1] = c01, r[1][0] = c10, r[1][1] = c11, r[2][0] = c20, r[2][1] = c21;
  r[3][0] = c30, r[3][1] = c31, r[4][0] = c40, r[4][1] = c41, r[5][0] = c50, r[5][1] = c51;
  __m256 va = _mm256_set1_ps(alpha), vb = _mm256_set1_ps(beta);
  for (long i = 0; i < rows; i++) {
    float edge[NR], *q = cols == NR ? c + i * ldc : edge;
    if (cols < NR && beta != 0) {
      memset(edge, 0, sizeof edge);
      memcpy(edge, c + i * ldc, cols * sizeof(float));
    }
    __m256 lo = _mm256_mul_ps(va, r[i][0]), hi = _mm256_mul_ps(va, r[i][1]);
    if (beta != 0) {
      lo = _mm256_fmadd_ps(vb, _mm256_loadu_ps(q), lo);
      hi = _mm256_fmadd_ps(vb, _mm256_loadu_ps(q + 8), hi);
    }
    _mm256_storeu_ps(q, lo);
    _mm256_storeu_ps(q + 8, hi);
    if (cols < NR) memcpy(c + i * ldc, edge, cols * sizeof(float));
  }
}

AVX2 static void tile(long k, const float *a, const float *b, float *c, long ldc, float alpha,
                      float beta, long rows, long cols) {
  product(k, a, b, NR, NULL, c, ldc, alpha, beta, rows, cols);
}

AVX2 static void tile_and_pack(long k, const float *a, const float *b, long ldb, float *d, float *c,
                               long ldc, float alpha, float beta, long rows) {
  product(k, a, b, ldb, d, c, ldc, alpha, beta, rows, NR);
}

// transpose8 writes the transpose of an 8 x 8 block, in the order of its columns. Rows behind the last are
// the last again.
AVX2 static inline void transpose8(const float *s, long ld, long last, float *d, long dd) {
  __m256 r[8];
  for (long i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(s + (i < last ? i : last) * ld);
  __m256 t0 = _mm256_unpacklo_ps(r[0], r[1]), t1 = _mm256_unpackhi_ps(r[0], r[1]),
         t2 = _mm256_unpacklo_ps(r[2], r[3]), t3 = _mm256_unpackhi_ps(r[2], r[3]),
         t4 = _mm256_unpacklo_ps(r[4], r[5]), t5 = _mm256_unpackhi_ps(r[4], r[5]),
         t6 = _mm256_unpacklo_ps(r[6], r[7]), t7 = _mm256_unpackhi_ps(r[6], r[7]);
  __m256 u0 = _mm256_shuffle_ps(t0, t2, 0x44), u1 = _mm256_shuffle_ps(t0, t2, 0xEE),
         u2 = _mm256_shuffle_ps(t1, t3, 0x44), u3 = _mm256_shuffle_ps(t1, t3, 0xEE),
         u4 = _mm256_shuffle_ps(t4, t6, 0x44), u5 = _mm256_shuffle_ps(t4, t6, 0xEE),
         u6 = _mm256_shuffle_ps(t5, t7, 0x44), u7 = _mm256_shuffle_ps(t5, t7, 0xEE);
  _mm256_storeu_ps(d, _mm256_permute2f128_ps(u0, u4, 0x20));
  _mm256_storeu_ps(d + dd, _mm256_permute2f128_ps(u1, u5, 0x20));
  _mm256_storeu_ps(d + 2 * dd, _mm256_permute2f128_ps(u2, u6, 0x20));
  _mm256_storeu_ps(d + 3 * dd, _mm256_permute2f128_ps(u3, u7, 0x20));
  _mm256_storeu_ps(d + 4 * dd, _mm256_permute2f128_ps(u0, u4, 0x31));
  _mm256_storeu_ps(d + 5 * dd, _mm256_permute2f128_ps(u1, u5, 0x31));
  _mm256_storeu_ps(d + 6 * dd, _mm256_permute2f128_ps(u2, u6, 0x31));
  _mm256_storeu_ps(d + 7 * dd, _mm256_permute2f128_ps(u3, u7, 0x31));
}

// pack_a lays mc x kc of op(A) out as panels of 6 rows, k-major; what fills the last one is no part of C.
AVX2 static void pack_a(int trans, const float *a, long lda, long mc, long kc, float *d) {
  for (long i = 0; i < mc; i += MR, d += MR * kc) {
    long m = mc - i < MR ? mc - i : MR, p = 0;
    if (trans) {
      const float *s = a + i;
      if (mc - i >= 8)
        for (; p < kc; p++) _mm256_storeu_ps(d + p * MR, _mm256_loadu_ps(s + p * lda));
      for (; p < kc; p++) {
        for (long r = 0; r < m; r++) d[p * MR + r] = s[p * lda + r];
        for (long r = m; r < MR; r++) d[p * MR + r] = 0;
      }
      continue;
    }
    const float *s = a + i * lda;
    for (; p + 8 <= kc; p += 8) transpose8(s + p, lda, m - 1, d + p * MR, MR);
    for (; p < kc; p++)
      for (long r = 0; r < MR; r++) d[p * MR + r] = s[(r < m ? r : m - 1) * lda + p];
  }
}

// pack_b lays a panel of kc x n of op(B), n at most 16, out k-major, padded with zeros.
AVX2 static void pack_b(int trans, const float *b, long ldb, long kc, long n, float *d) {
  long p = 0;
  if (!trans) {
    for (; p < kc; p++)
      for (long c = 0; c < NR; c++) d[p * NR + c] = c < n ? b[p * ldb + c] : 0;
    return;
  }
  if (n == NR)
    for (; p + 8 <= kc; p += 8) {
      transpose8(b + p, ldb, 7, d + p * NR, NR);
      transpose8(b + 8 * ldb + p, ldb, 7, d + p * NR + 8, NR);
    }
  for (; p < kc; p++) {
    for (long c = 0; c < n; c++) d[p * NR + c] = b[c * ldb + p];
    for (long c = n; c < NR; c++) d[p * NR + c] = 0;
  }
}

void ns_sgemm(int ta, int tb, long m, long n, long k, float alpha, const float *a, long lda,
              const float *b, long ldb, float beta, float *c, long ldc, float *pa, float *pb) {
  for (long jc = 0; jc < n; jc += NC) {
    long nc = n - jc < NC ? n - jc : NC;
    for (long pc = 0; pc < k; pc += KC) {
      long kc = k - pc < KC ? k - pc : KC;
      float bt = pc > 0 ? 1 : beta;
      const float *from = tb ? b + jc * ldb + pc : b + pc * ldb + jc;
      for (long ic = 0; ic < m; ic += MC) {
        long mc = m - ic < MC ? m - ic : MC;
        pack_a(ta, ta ? a + pc * lda + ic : a + ic * lda + pc, lda, mc, kc, pa);
        for (long j = 0; j < nc; j += NR) {
          long cols = nc - j < NR ? nc - j : NR, i = 0;
          float *to = c + ic * ldc + jc + j, *panel = pb + j * kc;
          if (ic == 0 && !tb && cols == NR) {
            tile_and_pack(kc, pa, from + j, ldb, panel, to, ldc, alpha, bt, mc < MR ? mc : MR);
            i = MR;
          } else if (ic == 0) {
            pack_b(tb, tb ? from + j * ldb : from + j, ldb, kc, cols, panel);
          }
          for (; i < mc; i += MR)
            tile(kc, pa + i * kc, panel, to + i * ldc, ldc, alpha, bt, mc - i < MR ? mc - i : MR, cols);
        }
      }
    }
  }
}

#else  // Other processors multiply in Go; these are never called.

int ns_detect(void) { return 0; }
long ns_scratch_a(void) { return 0; }
long ns_scratch_b(long n) { return 0 * n; }
void ns_sgemm(int ta, int tb, long m, long n, long k, float alpha, const float *a, long lda,
              const float *b, long ldb, float beta, float *c, long ldc, float *pa, float *pb) {
  (void)ta, (void)tb, (void)m, (void)n, (void)k, (void)alpha, (void)a, (void)lda, (void)b, (void)ldb;
  (void)beta, (void)c, (void)ldc, (void)pa, (void)pb;
}

#endif

// Kernels over float32 arrays, row-major. See the Go wrappers for shapes.
#ifndef NETSHARE_KERN_H
#define NETSHARE_KERN_H
#include <stdint.h>

// ns_detect says whether the processor has AVX2 and FMA.
int ns_detect(void);
// ns_select chooses the AVX2 (1) or the portable (0) build of every kernel below.
void ns_select(int avx2);

// ns_sgemm computes C = alpha op(A) op(B) + beta C on AVX2; pa and pb are scratch of
// ns_scratch_a() and ns_scratch_b(n) floats.
void ns_sgemm(int ta, int tb, long m, long n, long k, float alpha, const float *a, long lda,
              const float *b, long ldb, float beta, float *c, long ldc, float *pa, float *pb);
long ns_scratch_a(void);
long ns_scratch_b(long n);

void ns_bias(long m, long n, float *c, const float *b);
void ns_bias_relu(long m, long n, float *c, const float *b, float slope);
void ns_relu_back(long n, float *d, const float *a, float slope);
void ns_axpby(long n, float alpha, const float *x, float beta, float *y);
void ns_lerp(long n, const float *x, const float *y, float t, float *o);
void ns_sumsq(long m, long n, const float *x, float *o);
void ns_rowdot(long m, long n, const float *x, const float *y, float *o);
void ns_row_scale(long m, long n, float *x, const float *f);
void ns_colsum(long m, long n, const float *x, float alpha, float beta, float *y);
void ns_adam(long n, float *p, const float *g, float *m, float *v, float rate, float b1, float b2,
             float eps, float c1, float c2);
void ns_amsgrad(long n, float *p, const float *g, float *m, float *v, float *top, float rate,
                float b1, float b2, float eps, float c1, float c2);
void ns_lstm_forward(long m, long h, float *z, const float *c0, float *c, float *out, float *tc);
void ns_lstm_back(long m, long h, const float *z, const float *c0, const float *tc, const float *dh,
                  float *dc, float *dz);
void ns_heads_forward(long m, long n, float *x, const float *noise, float scale, long heads,
                      const int32_t *kind, const int32_t *off, const int32_t *len);
void ns_heads_back(long m, long n, const float *y, float *d, float scale, long heads,
                   const int32_t *kind, const int32_t *off, const int32_t *len);
void ns_sparse_list(long m, long k, const float *a, long lda, long most, int32_t *start, int32_t *col,
                    float *val, long *count);
void ns_sparse_product(long m, long n, const int32_t *start, const int32_t *col, const float *val,
                       const float *b, long ldb, float *c, long ldc);
void ns_heads_hard(long m, long n, const float *x, float *y, long heads, const int32_t *kind,
                   const int32_t *off, const int32_t *len);
void ns_batch_stats(long m, long n, const float *x, float *mean, float *var);
void ns_batch_forward(long m, long n, const float *x, const float *mean, const float *istd,
                      const float *gain, const float *shift, float *xh, float *y);
void ns_batch_back(long m, long n, const float *xh, const float *istd, const float *gain, float *d,
                   float *dgain, float *dshift);
void ns_layer_forward(long m, long n, const float *x, const float *gain, const float *shift,
                      float *istd, float *xh, float *y);
void ns_layer_back(long m, long n, const float *xh, const float *istd, const float *gain, float *d,
                   float *dgain, float *dshift);
void ns_uniform(long n, float *x, const uint32_t *seed);
void ns_normal(long n, float *x, const uint32_t *seed);
void ns_gumbel(long n, float *x, const uint32_t *seed);
#endif

// The lanes of simd.h on AVX-512.
#pragma once
#include <immintrin.h>

namespace ouroboros {

typedef __m512 F;

INLINE F load(const float * p) { return _mm512_load_ps(p); }
INLINE F load_unaligned(const float * p) { return _mm512_loadu_ps(p); }
INLINE void store(float * p, F v) { _mm512_store_ps(p, v); }
INLINE void store_unaligned(float * p, F v) { _mm512_storeu_ps(p, v); }
INLINE F splat(float v) { return _mm512_set1_ps(v); }
INLINE F mul(F a, F b) { return _mm512_mul_ps(a, b); }
INLINE F add(F a, F b) { return _mm512_add_ps(a, b); }
INLINE F sub(F a, F b) { return _mm512_sub_ps(a, b); }
INLINE F div(F a, F b) { return _mm512_div_ps(a, b); }
INLINE F max(F a, F b) { return _mm512_max_ps(a, b); }
/** a * b + c. */
INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
/** c - a * b. */
INLINE F fnma(F a, F b, F c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE F abs(F a) { return _mm512_abs_ps(a); }
/** To the nearest whole number, ties to even. */
INLINE F round(F a) { return _mm512_roundscale_ps(a, 0); }
/** p * 2^n for whole n that keep the exponent in range. */
INLINE F scale_by_power(F p, F n) {
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), _mm512_slli_epi32(_mm512_cvtps_epi32(n), 23)));
}
/** v where x >= low, else 0. */
INLINE F keep_where_at_least(F v, F x, F low) { return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, low, _CMP_GE_OQ), v); }
INLINE float largest(F a) { return _mm512_reduce_max_ps(a); }
INLINE float half_at(const void * p) { return _cvtsh_ss(*(const uint16_t *) p); }
/** 16 halves as floats. */
INLINE F from_f16(const void * p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p)); }
INLINE F from_bf16(const void * p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *) p)), 16));
}
/** 16 signed bytes as floats. */
INLINE F from_i8(const void * p) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *) p))); }
INLINE void prefetch(const void * p) { _mm_prefetch((const char *) p, _MM_HINT_T0); }
INLINE void prefetch_l2(const void * p) { _mm_prefetch((const char *) p, _MM_HINT_T1); }

/** Rows r[0..15] of 16 floats become columns. */
INLINE void transpose16(F r[16]) {
    F t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 1]), c = _mm512_castps_pd(t[i + 2]), d = _mm512_castps_pd(t[i + 3]);
        r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
    for (int h = 0; h < 16; h += 8)
        for (int i = 0; i < 4; i++) {
            t[h + i] = _mm512_shuffle_f32x4(r[h + i], r[h + i + 4], 0x88);
            t[h + i + 4] = _mm512_shuffle_f32x4(r[h + i], r[h + i + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    }
}

} // namespace ouroboros

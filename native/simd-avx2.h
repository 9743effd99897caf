// The lanes of simd.h on AVX2: two registers each.
#pragma once
#include <immintrin.h>

namespace ouroboros {

struct F {
    __m256 a, b;
};

#define BOTH(f, x, y) { f(x.a, y.a), f(x.b, y.b) }
INLINE F load(const float * p) { return { _mm256_load_ps(p), _mm256_load_ps(p + 8) }; }
INLINE F load_unaligned(const float * p) { return { _mm256_loadu_ps(p), _mm256_loadu_ps(p + 8) }; }
INLINE void store(float * p, F v) { _mm256_store_ps(p, v.a); _mm256_store_ps(p + 8, v.b); }
INLINE void store_unaligned(float * p, F v) { _mm256_storeu_ps(p, v.a); _mm256_storeu_ps(p + 8, v.b); }
INLINE F splat(float v) { return { _mm256_set1_ps(v), _mm256_set1_ps(v) }; }
INLINE F mul(F x, F y) { return BOTH(_mm256_mul_ps, x, y); }
INLINE F add(F x, F y) { return BOTH(_mm256_add_ps, x, y); }
INLINE F sub(F x, F y) { return BOTH(_mm256_sub_ps, x, y); }
INLINE F div(F x, F y) { return BOTH(_mm256_div_ps, x, y); }
INLINE F max(F x, F y) { return BOTH(_mm256_max_ps, x, y); }
/** a * b + c. */
INLINE F fma(F a, F b, F c) { return { _mm256_fmadd_ps(a.a, b.a, c.a), _mm256_fmadd_ps(a.b, b.b, c.b) }; }
/** c - a * b. */
INLINE F fnma(F a, F b, F c) { return { _mm256_fnmadd_ps(a.a, b.a, c.a), _mm256_fnmadd_ps(a.b, b.b, c.b) }; }
INLINE F abs(F x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return { _mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b) };
}
/** To the nearest whole number, ties to even. */
INLINE F round(F x) { return { _mm256_round_ps(x.a, 0), _mm256_round_ps(x.b, 0) }; }
INLINE __m256 scale_by_power8(__m256 p, __m256 n) {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}
/** p * 2^n for whole n that keep the exponent in range. */
INLINE F scale_by_power(F x, F y) { return BOTH(scale_by_power8, x, y); }
/** v where x >= low, else 0. */
INLINE F keep_where_at_least(F v, F x, F low) {
    return { _mm256_and_ps(v.a, _mm256_cmp_ps(x.a, low.a, _CMP_GE_OQ)), _mm256_and_ps(v.b, _mm256_cmp_ps(x.b, low.b, _CMP_GE_OQ)) };
}
INLINE float largest(F v) {
    const __m256 m = _mm256_max_ps(v.a, v.b);
    __m128 h = _mm_max_ps(_mm256_castps256_ps128(m), _mm256_extractf128_ps(m, 1));
    h = _mm_max_ps(h, _mm_movehl_ps(h, h));
    return _mm_cvtss_f32(_mm_max_ss(h, _mm_movehdup_ps(h)));
}
INLINE float half_at(const void * p) { return _cvtsh_ss(*(const uint16_t *) p); }
/** 16 halves as floats. */
INLINE F from_f16(const void * p) {
    return { _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p)), _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p + 1)) };
}
INLINE __m256 from_bf16_8(const void * p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *) p)), 16));
}
INLINE F from_bf16(const void * p) { return { from_bf16_8(p), from_bf16_8((const char *) p + 16) }; }
INLINE __m256 from_i8_8(const void * p) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *) p))); }
/** 16 signed bytes as floats. */
INLINE F from_i8(const void * p) { return { from_i8_8(p), from_i8_8((const char *) p + 8) }; }
INLINE void prefetch(const void * p) { _mm_prefetch((const char *) p, _MM_HINT_T0); }
INLINE void prefetch_l2(const void * p) { _mm_prefetch((const char *) p, _MM_HINT_T1); }

INLINE void transpose8(__m256 r[8]) {
    __m256 t[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    for (int i = 0; i < 8; i++) r[i] = t[i];
}
/** Rows r[0..15] of 16 floats become columns. */
INLINE void transpose16(F r[16]) {
    __m256 tl[8], tr[8], bl[8], br[8]; // the four quarters
    for (int i = 0; i < 8; i++) { tl[i] = r[i].a; tr[i] = r[i].b; bl[i] = r[i + 8].a; br[i] = r[i + 8].b; }
    transpose8(tl); transpose8(tr); transpose8(bl); transpose8(br);
    for (int i = 0; i < 8; i++) { r[i] = { tl[i], bl[i] }; r[i + 8] = { tr[i], br[i] }; }
}
#undef BOTH

} // namespace ouroboros

// Whole numbers in one native register: 16, 8 or 4 rows of 4 elements each. Integer sums are exact, so each instruction set may take its own way.
//   dot_small   weights 0..63; on plain AVX2 sums of 16 bits that `fold` must take up every `run_of(most)` steps
//   dot_offset  weights -128..127 stored with 128 added
#pragma once
#include "simd.h"

namespace ouroboros {

//   fold16      sums that fit into 16 bits, since weights were centered: one instruction where `fold` takes three
#if defined(__AVX512VNNI__)
enum { LANES = 16, SUMS_OF_16_BITS = 0, FOLDS_16_BITS = 1 };
typedef __m512i R;
typedef __m512 N; // as many floats
INLINE R ld(const void * p) { return _mm512_load_si512(p); }
INLINE void st(void * p, R v) { _mm512_store_si512(p, v); }
INLINE R zero() { return _mm512_setzero_si512(); }
INLINE R bytes(int v) { return _mm512_set1_epi8((char) v); }
INLINE R both(R a, R b) { return _mm512_and_si512(a, b); }
INLINE R either(R a, R b) { return _mm512_or_si512(a, b); }
template <int n> INLINE R right(R v) { return _mm512_srli_epi16(v, n); }
template <int n> INLINE R left(R v) { return _mm512_slli_epi16(v, n); }
INLINE R add32(R a, R b) { return _mm512_add_epi32(a, b); }
INLINE R sub32(R a, R b) { return _mm512_sub_epi32(a, b); }
template <int n> INLINE R left32(R v) { return _mm512_slli_epi32(v, n); }
template <int n> INLINE R right32(R v) { return _mm512_srli_epi32(v, n); }
INLINE R splat32(const void * p) { return _mm512_set1_epi32(*(const int32_t *) p); }
INLINE R pairs_u8(const void * p) { return _mm512_cvtepu8_epi16(_mm256_load_si256((const __m256i *) p)); }
INLINE R wide_i8(const void * p) { return _mm512_cvtepi8_epi32(_mm_load_si128((const __m128i *) p)); }
INLINE R lookup(R table, R index) { return _mm512_shuffle_epi8(table, index); }
INLINE R table16(const uint8_t * t) { return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *) t)); }
// Assembler, since compilers load the four bytes into a register first.
INLINE R dot_small(R x, R w, const int8_t * a) {
    asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(x) : "v"(w), "m"(*(const int32_t *) a));
    return x;
}
INLINE R dot_pairs(R x, R pairs, const int16_t * a) {
    asm("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(x) : "v"(pairs), "m"(*(const int32_t *) a));
    return x;
}
INLINE R fold16(R sum, R x, R scale) { return _mm512_dpwssd_epi32(sum, x, scale); }
INLINE R mul32(R a, R b) { return _mm512_mullo_epi32(a, b); }
INLINE N to_float(R v) { return _mm512_cvtepi32_ps(v); }
INLINE N ldn(const float * p) { return _mm512_load_ps(p); }
INLINE void stn(float * p, N v) { _mm512_store_ps(p, v); }
INLINE N splatn(float v) { return _mm512_set1_ps(v); }
INLINE N muln(N a, N b) { return _mm512_mul_ps(a, b); }
INLINE N fman(N a, N b, N c) { return _mm512_fmadd_ps(a, b, c); }
INLINE N fnman(N a, N b, N c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE N f16n(const void * p) { return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *) p)); }
INLINE N bf16n(const void * p) { return from_bf16(p); }

#elif defined(__AVX2__)
enum { LANES = 8 };
typedef __m256i R;
typedef __m256 N;
INLINE R ld(const void * p) { return _mm256_load_si256((const __m256i *) p); }
INLINE void st(void * p, R v) { _mm256_store_si256((__m256i *) p, v); }
INLINE R zero() { return _mm256_setzero_si256(); }
INLINE R bytes(int v) { return _mm256_set1_epi8((char) v); }
INLINE R both(R a, R b) { return _mm256_and_si256(a, b); }
INLINE R either(R a, R b) { return _mm256_or_si256(a, b); }
template <int n> INLINE R right(R v) { return _mm256_srli_epi16(v, n); }
template <int n> INLINE R left(R v) { return _mm256_slli_epi16(v, n); }
INLINE R add32(R a, R b) { return _mm256_add_epi32(a, b); }
INLINE R sub32(R a, R b) { return _mm256_sub_epi32(a, b); }
template <int n> INLINE R left32(R v) { return _mm256_slli_epi32(v, n); }
template <int n> INLINE R right32(R v) { return _mm256_srli_epi32(v, n); }
INLINE R splat32(const void * p) { int32_t v; memcpy(&v, p, 4); return _mm256_set1_epi32(v); }
INLINE R pairs_u8(const void * p) { return _mm256_cvtepu8_epi16(_mm_load_si128((const __m128i *) p)); }
INLINE R wide_i8(const void * p) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *) p)); }
INLINE R lookup(R table, R index) { return _mm256_shuffle_epi8(table, index); }
INLINE R table16(const uint8_t * t) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *) t)); }
INLINE R dot_pairs(R x, R pairs, const int16_t * a) { return add32(x, _mm256_madd_epi16(pairs, splat32(a))); }
INLINE R mul32(R a, R b) { return _mm256_mullo_epi32(a, b); }
#ifdef __AVXVNNI__
enum { SUMS_OF_16_BITS = 0, FOLDS_16_BITS = 1 };
INLINE R fold16(R sum, R x, R scale) { return _mm256_dpwssd_avx_epi32(sum, x, scale); }
INLINE R dot_small(R x, R w, const int8_t * a) { return _mm256_dpbusd_avx_epi32(x, w, splat32(a)); }
#else
enum { SUMS_OF_16_BITS = 1, FOLDS_16_BITS = 0 };
INLINE R fold16(R sum, R, R) { return sum; }
INLINE R dot_small(R x, R w, const int8_t * a) {
    x = _mm256_add_epi16(x, _mm256_maddubs_epi16(w, splat32(a)));
    asm("" : "+x"(x)); // compilers reorder the sums, which costs registers
    return x;
}
#endif
INLINE N to_float(R v) { return _mm256_cvtepi32_ps(v); }
INLINE N ldn(const float * p) { return _mm256_load_ps(p); }
INLINE void stn(float * p, N v) { _mm256_store_ps(p, v); }
INLINE N splatn(float v) { return _mm256_set1_ps(v); }
INLINE N muln(N a, N b) { return _mm256_mul_ps(a, b); }
INLINE N fman(N a, N b, N c) { return _mm256_fmadd_ps(a, b, c); }
INLINE N fnman(N a, N b, N c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE N f16n(const void * p) { return _mm256_cvtph_ps(_mm_load_si128((const __m128i *) p)); }
INLINE N bf16n(const void * p) { return from_bf16_8(p); }

#else
enum { LANES = 4, SUMS_OF_16_BITS = 0, FOLDS_16_BITS = 0 };
typedef uint8x16_t R;
typedef float32x4_t N;
#define AS_I32(v) vreinterpretq_s32_u8(v)
#define AS_I8(v) vreinterpretq_s8_u8(v)
#define FROM_I32(v) vreinterpretq_u8_s32(v)
INLINE R ld(const void * p) { return vld1q_u8((const uint8_t *) p); }
INLINE void st(void * p, R v) { vst1q_u8((uint8_t *) p, v); }
INLINE R zero() { return vdupq_n_u8(0); }
INLINE R bytes(int v) { return vdupq_n_u8((uint8_t) v); }
INLINE R both(R a, R b) { return vandq_u8(a, b); }
INLINE R either(R a, R b) { return vorrq_u8(a, b); }
template <int n> INLINE R right(R v) { return vshlq_u8(v, vdupq_n_s8(-n)); }
template <int n> INLINE R left(R v) { return vshlq_u8(v, vdupq_n_s8(n)); }
INLINE R add32(R a, R b) { return FROM_I32(vaddq_s32(AS_I32(a), AS_I32(b))); }
INLINE R sub32(R a, R b) { return FROM_I32(vsubq_s32(AS_I32(a), AS_I32(b))); }
template <int n> INLINE R left32(R v) { return FROM_I32(vshlq_n_s32(AS_I32(v), n)); }
template <int n> INLINE R right32(R v) { return vreinterpretq_u8_u32(vshrq_n_u32(vreinterpretq_u32_u8(v), n)); }
INLINE R splat32(const void * p) { int32_t v; memcpy(&v, p, 4); return FROM_I32(vdupq_n_s32(v)); }
INLINE R pairs_u8(const void * p) { return vreinterpretq_u8_u16(vmovl_u8(vld1_u8((const uint8_t *) p))); }
INLINE R wide_i8(const void * p) { const int8_t * b = (const int8_t *) p; const int32_t v[4] = { b[0], b[1], b[2], b[3] }; return FROM_I32(vld1q_s32(v)); }
INLINE R lookup(R table, R index) { return vqtbl1q_u8(table, index); }
INLINE R table16(const uint8_t * t) { return vld1q_u8(t); }
INLINE R dot_small(R x, R w, const int8_t * a) { return FROM_I32(vdotq_s32(AS_I32(x), AS_I8(w), AS_I8(splat32(a)))); }
INLINE R fold16(R sum, R, R) { return sum; }
INLINE R mul32(R a, R b) { return FROM_I32(vmulq_s32(AS_I32(a), AS_I32(b))); }
INLINE R dot_pairs(R x, R pairs, const int16_t * a) {
    const int32x4_t low = vshrq_n_s32(vshlq_n_s32(AS_I32(pairs), 16), 16), high = vshrq_n_s32(AS_I32(pairs), 16);
    return FROM_I32(vmlaq_n_s32(vmlaq_n_s32(AS_I32(x), low, a[0]), high, a[1]));
}
INLINE N to_float(R v) { return vcvtq_f32_s32(AS_I32(v)); }
INLINE N ldn(const float * p) { return vld1q_f32(p); }
INLINE void stn(float * p, N v) { vst1q_f32(p, v); }
INLINE N splatn(float v) { return vdupq_n_f32(v); }
INLINE N muln(N a, N b) { return vmulq_f32(a, b); }
INLINE N fman(N a, N b, N c) { return vfmaq_f32(c, a, b); }
INLINE N fnman(N a, N b, N c) { return vfmsq_f32(c, a, b); }
INLINE N f16n(const void * p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *) p))); }
INLINE N bf16n(const void * p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *) p), 16)); }
#endif

enum { ROWS = 16, PARTS = ROWS / LANES, PART_BYTES = 4 * LANES };

/** Steps of `dot_small` that sums of 16 bits hold, for weights up to `most`; a power of two. */
constexpr int run_of(int most) {
    return !SUMS_OF_16_BITS ? 8 : most <= 15 ? 8 : most <= 31 ? 4 : 2;
}

#if defined(__AVX2__) && !defined(__AVX512VNNI__) && !defined(__AVXVNNI__)
/** Scales for `fold`: of `LANES` rows. */
INLINE R scales(R v) { return either(both(v, _mm256_set1_epi32(0xffff)), left32<16>(v)); }
/** sum + x * scale. */
INLINE R fold(R sum, R x, R scale) { return add32(sum, _mm256_madd_epi16(x, scale)); }
/** A sum of `dot_small` as 32 bits. */
INLINE R widen(R x) { return _mm256_madd_epi16(x, _mm256_set1_epi16(1)); }
#else
INLINE R scales(R v) { return v; }
INLINE R fold(R sum, R x, R scale) { return add32(sum, mul32(x, scale)); }
INLINE R widen(R x) { return x; }
#endif

#if defined(__AVX512VNNI__)
INLINE R dot_offset(R x, R w, const int8_t * a) { return dot_small(x, w, a); }
INLINE R without_offset(R x, const int32_t * sum) { return sub32(x, left32<7>(splat32(sum))); }
#elif defined(__AVXVNNI__)
INLINE R dot_offset(R x, R w, const int8_t * a) { return dot_small(x, w, a); }
INLINE R without_offset(R x, const int32_t * sum) { return sub32(x, left32<7>(splat32(sum))); }
#elif defined(__AVX2__)
INLINE R dot_offset(R x, R w, const int8_t * a) {
    const R signed_w = _mm256_xor_si256(w, bytes(128));
    const R product = _mm256_maddubs_epi16(_mm256_abs_epi8(signed_w), _mm256_sign_epi8(splat32(a), signed_w));
    x = add32(x, _mm256_madd_epi16(product, _mm256_set1_epi16(1)));
    asm("" : "+x"(x));
    return x;
}
INLINE R without_offset(R x, const int32_t *) { return x; }
#else
INLINE R dot_offset(R x, R w, const int8_t * a) { return dot_small(x, veorq_u8(w, vdupq_n_u8(128)), a); }
INLINE R without_offset(R x, const int32_t *) { return x; }
#endif

/** Of two scales of a row as 16 bits each, the first. */
INLINE R first_of(R pairs) {
#if defined(__AVX512VNNI__)
    return both(pairs, _mm512_set1_epi32(0xffff));
#elif defined(__AVX2__)
    return both(pairs, _mm256_set1_epi32(0xffff));
#else
    return vreinterpretq_u8_u32(vandq_u32(vreinterpretq_u32_u8(pairs), vdupq_n_u32(0xffff)));
#endif
}
/** Two scales of a row as 16 bits each, for `dot_pairs`. */
INLINE R pairs_of(R low, R high) { return either(first_of(low), left32<16>(high)); }

/** Sums of 8 bytes each, of 32. */
INLINE void sums_of_8(const int8_t * q, int32_t * sums) {
#if defined(__AVX2__)
    const __m256i v = _mm256_loadu2_m128i((const __m128i *) (q + 16), (const __m128i *) q); // as `to_bytes` wrote them
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), v);
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    const __m128i low = _mm256_castsi256_si128(fours), high = _mm256_extracti128_si256(fours, 1);
    _mm_storeu_si128((__m128i *) sums, _mm_hadd_epi32(low, high));
#else
    vst1q_s32(sums, vpaddq_s32(vpaddlq_s16(vpaddlq_s8(vld1q_s8(q))), vpaddlq_s16(vpaddlq_s8(vld1q_s8(q + 16)))));
#endif
}

/** 16 floats as whole numbers of one byte each. */
INLINE void to_bytes(F v, int8_t * out) {
#if defined(__AVX512VNNI__)
    _mm_storeu_si128((__m128i *) out, _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(v)));
#elif defined(__AVX2__)
    const __m256i a = _mm256_cvtps_epi32(v.a), b = _mm256_cvtps_epi32(v.b);
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
    _mm_storeu_si128((__m128i *) out, _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
#else
    int32x4_t i[4];
    for (int j = 0; j < 4; j++) i[j] = vcvtnq_s32_f32(v.q[j]);
    const int16x8_t a = vcombine_s16(vqmovn_s32(i[0]), vqmovn_s32(i[1])), b = vcombine_s16(vqmovn_s32(i[2]), vqmovn_s32(i[3]));
    vst1q_s8(out, vcombine_s8(vqmovn_s16(a), vqmovn_s16(b)));
#endif
}

} // namespace ouroboros

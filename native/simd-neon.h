// The lanes of simd.h on NEON: four registers each.
#pragma once
#include <arm_neon.h>

namespace ouroboros {

struct F {
    float32x4_t q[4];
};

#define EACH(expression) F o; for (int i = 0; i < 4; i++) o.q[i] = expression; return o
INLINE F load(const float * p) { EACH(vld1q_f32(p + 4 * i)); }
INLINE F load_unaligned(const float * p) { EACH(vld1q_f32(p + 4 * i)); }
INLINE void store(float * p, F v) { for (int i = 0; i < 4; i++) vst1q_f32(p + 4 * i, v.q[i]); }
INLINE void store_unaligned(float * p, F v) { store(p, v); }
INLINE F splat(float v) { EACH(vdupq_n_f32(v)); }
INLINE F mul(F x, F y) { EACH(vmulq_f32(x.q[i], y.q[i])); }
INLINE F add(F x, F y) { EACH(vaddq_f32(x.q[i], y.q[i])); }
INLINE F sub(F x, F y) { EACH(vsubq_f32(x.q[i], y.q[i])); }
INLINE F div(F x, F y) { EACH(vdivq_f32(x.q[i], y.q[i])); }
/** x where x > y, else y, as x86 has it. */
INLINE F max(F x, F y) { EACH(vbslq_f32(vcgtq_f32(x.q[i], y.q[i]), x.q[i], y.q[i])); }
/** a * b + c. */
INLINE F fma(F a, F b, F c) { EACH(vfmaq_f32(c.q[i], a.q[i], b.q[i])); }
/** c - a * b. */
INLINE F fnma(F a, F b, F c) { EACH(vfmsq_f32(c.q[i], a.q[i], b.q[i])); }
INLINE F abs(F x) { EACH(vabsq_f32(x.q[i])); }
/** To the nearest whole number, ties to even. */
INLINE F round(F x) { EACH(vrndnq_f32(x.q[i])); }
/** p * 2^n for whole n that keep the exponent in range. */
INLINE F scale_by_power(F p, F n) {
    EACH(vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(p.q[i]), vshlq_n_s32(vcvtnq_s32_f32(n.q[i]), 23))));
}
/** v where x >= low, else 0. */
INLINE F keep_where_at_least(F v, F x, F low) {
    EACH(vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v.q[i]), vcgeq_f32(x.q[i], low.q[i]))));
}
INLINE float largest(F v) { return vmaxvq_f32(vmaxq_f32(vmaxq_f32(v.q[0], v.q[1]), vmaxq_f32(v.q[2], v.q[3]))); }
INLINE float half_at(const void * p) { return (float) *(const __fp16 *) p; }
/** 16 halves as floats. */
INLINE F from_f16(const void * p) { EACH(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *) p + 4 * i)))); }
INLINE F from_bf16(const void * p) { EACH(vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *) p + 4 * i), 16))); }
/** 16 signed bytes as floats. */
INLINE F from_i8(const void * p) {
    const int8x16_t b = vld1q_s8((const int8_t *) p);
    const int16x8_t l = vmovl_s8(vget_low_s8(b)), h = vmovl_s8(vget_high_s8(b));
    F o;
    o.q[0] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(l)));
    o.q[1] = vcvtq_f32_s32(vmovl_s16(vget_high_s16(l)));
    o.q[2] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(h)));
    o.q[3] = vcvtq_f32_s32(vmovl_s16(vget_high_s16(h)));
    return o;
}
INLINE void prefetch(const void * p) { __builtin_prefetch(p); }
INLINE void prefetch_l2(const void * p) { __builtin_prefetch(p, 0, 2); }

/** Rows r[0..15] of 16 floats become columns. */
INLINE void transpose16(F r[16]) {
    alignas(16) float t[16][16];
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 4; j++)
            for (int e = 0; e < 4; e++) t[4 * j + e][i] = r[i].q[j][e];
    for (int i = 0; i < 16; i++) r[i] = load(t[i]);
}
#undef EACH

} // namespace ouroboros

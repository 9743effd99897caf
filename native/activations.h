// Activations as the kernels read them: whole numbers of one byte with a scale for each block, quantized column by column.
#pragma once
#include "ints.h"

namespace ouroboros {

/** 256 activations with one scale, as ggml's Q8_K: for weights in super-blocks. */
struct alignas(64) Act256 {
    int8_t q[256];
    // A cache line: all that the most frequent types read besides.
    float d, pad[3];
    int16_t sum32_pairs[8]; // sums of 32 activations, for `dot_pairs`
    int16_t sum16_pairs[16];
    int32_t sum32[8];
    int32_t below8[8];  // -8 times each `sum32`: what centers products with nibbles
    int32_t below32[32]; // -32 times the sums of 8 activations: the same for 6 bits
};
/** 64 activations with a scale for each 32, as two of ggml's Q8_0. */
struct alignas(16) Act64 {
    int8_t q[64];
    int32_t sum[2];
    float d[2];
};
/** 64 activations as they are: for weights in floats. */
struct alignas(64) ActFloat {
    float x[64];
};
static_assert(sizeof(Act256) == 512 && sizeof(Act64) == 80 && sizeof(ActFloat) == 256, "activations");

/** N activations as bytes and their sums of 8; returns the scale. Below 1e-30 all are 0: the inverse would overflow. */
template <int N> INLINE float quantize(const float * x, int8_t * q, int32_t * sums) {
    F most = splat(0);
    for (int i = 0; i < N; i += 16) most = max(abs(load_unaligned(x + i)), most);
    const float amax = largest(most);
    const bool tiny = !(amax > 1e-30f);
    const F inverse = splat(tiny ? 0.0f : 127.0f / amax);
    for (int i = 0; i < N; i += 16) to_bytes(mul(load_unaligned(x + i), inverse), q + i);
    for (int i = 0; i < N; i += 32) sums_of_8(q + i, sums + i / 8);
    return tiny ? 0.0f : amax / 127.0f;
}

/** Blocks are quantized from `count` floats, at most as many as they hold; the rest is 0. */
inline void quantize256(const float * x, int, void * out) {
    Act256 & a = *(Act256 *) out;
    int32_t sums[32];
    a.d = quantize<256>(x, a.q, sums);
    for (int i = 0; i < 16; i++) a.sum16_pairs[i] = (int16_t) (sums[2 * i] + sums[2 * i + 1]);
    for (int i = 0; i < 8; i++) {
        a.sum32_pairs[i] = (int16_t) (a.sum32[i] = a.sum16_pairs[2 * i] + a.sum16_pairs[2 * i + 1]);
        a.below8[i] = -8 * a.sum32[i];
    }
    for (int i = 0; i < 32; i++) a.below32[i] = -32 * sums[i];
}

inline void quantize64(const float * x, int count, void * out) {
    Act64 & a = *(Act64 *) out;
    for (int half = 0; half < 2; half++) {
        if (32 * half >= count) {
            memset(a.q + 32, 0, 32);
            a.sum[1] = 0;
            a.d[1] = 0;
            return;
        }
        int32_t sums[4];
        a.d[half] = quantize<32>(x + 32 * half, a.q + 32 * half, sums);
        a.sum[half] = sums[0] + sums[1] + sums[2] + sums[3];
    }
}

inline void keep_floats(const float * x, int count, void * out) {
    ActFloat & a = *(ActFloat *) out;
    memcpy(a.x, x, count * sizeof(float));
    memset(a.x + count, 0, (64 - count) * sizeof(float));
}

} // namespace ouroboros

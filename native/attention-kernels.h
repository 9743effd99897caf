// Steps of attention over a span of 32 keys that lie anywhere. Every sum is one chain of fused multiply-adds in a fixed order.
#pragma once
#include "attention-plan.h"
#include "simd.h"

namespace ouroboros {

#if defined(__AVX512F__)
enum { KEY_ROWS = 8, KEY_LANES = 2, VALUE_ROWS = 6, VALUE_LANES = 4 }; // sums held in registers: rows times vectors
#else
enum { KEY_ROWS = 6, KEY_LANES = 1, VALUE_ROWS = 6, VALUE_LANES = 1 };
#endif

/** Elements d to d + 15 of a cached row; d is a multiple of 16. */
template <int type> INLINE F elements(const char * row, int64_t d) {
    if constexpr (type == F16) return from_f16(row + 2 * d);
    else if constexpr (type == BF16) return from_bf16(row + 2 * d);
    else if constexpr (type == F32) return load_unaligned((const float *) (row + 4 * d));
    else {
        const char * block = row + d / 32 * 34;
        return mul(splat(half_at(block)), from_i8(block + 2 + d % 32));
    }
}

/** Bytes of a row. */
INLINE int64_t row_bytes(int type, int64_t size) {
    return type == F32 ? 4 * size : type == Q8_0 ? size / 32 * 34 : 2 * size;
}

/** out[element][key]. */
template <int type> static void read_keys(const char * const * rows, int64_t size, float * out) {
    for (int g = 0; g < SPAN; g += 16)
        for (int64_t d = 0; d < size; d += 16) {
            F r[16];
            for (int i = 0; i < 16; i++) r[i] = elements<type>(rows[g + i], d);
            transpose16(r);
            for (int i = 0; i < 16; i++) store(out + (d + i) * SPAN + g, r[i]);
        }
}

/** out[key][element]. */
template <int type> static void read_values(const char * const * rows, int64_t size, float * out) {
    for (int j = 0; j < SPAN; j++, out += size)
        for (int64_t d = 0; d < size; d += 16) store(out + d, elements<type>(rows[j], d));
}

typedef void (*Read)(const char * const * rows, int64_t size, float * out);
INLINE Read key_reader(int type) {
    return type == F16 ? read_keys<F16> : type == BF16 ? read_keys<BF16> : type == F32 ? read_keys<F32> : read_keys<Q8_0>;
}
INLINE Read value_reader(int type) {
    return type == F16 ? read_values<F16> : type == BF16 ? read_values<BF16> : type == F32 ? read_values<F32> : read_values<Q8_0>;
}

/** Scores of R rows: s[row][key] is the product of the row's query and the key. */
template <int R> INLINE void multiply_keys(const float * q, int64_t size, const float * keys, float * s) {
    for (int g = 0; g < SPAN; g += 16 * KEY_LANES) {
        F x[R][KEY_LANES];
        for (int r = 0; r < R; r++)
            for (int i = 0; i < KEY_LANES; i++) x[r][i] = splat(0);
        for (int64_t d = 0; d < size; d++) {
            F k[KEY_LANES];
            for (int i = 0; i < KEY_LANES; i++) k[i] = load(keys + d * SPAN + g + 16 * i);
            for (int r = 0; r < R; r++) {
                const F e = splat(q[r * size + d]);
                for (int i = 0; i < KEY_LANES; i++) x[r][i] = fma(k[i], e, x[r][i]);
            }
        }
        for (int r = 0; r < R; r++)
            for (int i = 0; i < KEY_LANES; i++) store(s + r * SPAN + g + 16 * i, x[r][i]);
    }
}

/** Adds R rows' weighted values for elements d to d + 16 L - 1. */
template <int R, int L> INLINE void add_elements(const float * weights, const float * values, int64_t size, int64_t d, float * sums) {
    F x[R][L];
    for (int r = 0; r < R; r++)
        for (int i = 0; i < L; i++) x[r][i] = load(sums + r * size + d + 16 * i);
    for (int j = 0; j < SPAN; j++) {
        F v[L];
        for (int i = 0; i < L; i++) v[i] = load(values + j * size + d + 16 * i);
        for (int r = 0; r < R; r++) {
            const F w = splat(weights[r * SPAN + j]);
            for (int i = 0; i < L; i++) x[r][i] = fma(v[i], w, x[r][i]);
        }
    }
    for (int r = 0; r < R; r++)
        for (int i = 0; i < L; i++) store(sums + r * size + d + 16 * i, x[r][i]);
}
template <int R> INLINE void add_values(const float * weights, const float * values, int64_t size, float * sums) {
    int64_t d = 0;
    for (; d + 16 * VALUE_LANES <= size; d += 16 * VALUE_LANES) add_elements<R, VALUE_LANES>(weights, values, size, d, sums);
    for (; d < size; d += 16) add_elements<R, 1>(weights, values, size, d, sums);
}

template <int N> INLINE void keys_by(int64_t rows, const float * q, int64_t size, const float * keys, float * s) {
    if (rows == N) multiply_keys<N>(q, size, keys, s);
    else if constexpr (N > 1) keys_by<N - 1>(rows, q, size, keys, s);
}
template <int N> INLINE void values_by(int64_t rows, const float * weights, const float * values, int64_t size, float * sums) {
    if (rows == N) add_values<N>(weights, values, size, sums);
    else if constexpr (N > 1) values_by<N - 1>(rows, weights, values, size, sums);
}
/** Any number of rows, in bundles of nearly equal size. */
static void multiply_keys(int64_t rows, const float * q, int64_t size, const float * keys, float * s) {
    for (int64_t left = (rows + KEY_ROWS - 1) / KEY_ROWS; left; left--) {
        const int64_t r = (rows + left - 1) / left;
        keys_by<KEY_ROWS>(r, q, size, keys, s);
        rows -= r, q += r * size, s += r * SPAN;
    }
}
static void add_values(int64_t rows, const float * weights, const float * values, int64_t size, float * sums) {
    for (int64_t left = (rows + VALUE_ROWS - 1) / VALUE_ROWS; left; left--) {
        const int64_t r = (rows + left - 1) / left;
        values_by<VALUE_ROWS>(r, weights, values, size, sums);
        rows -= r, weights += r * SPAN, sums += r * size;
    }
}

/** Adds each row's weights one after the other: sums by lanes would depend on the places of masked keys. */
template <int N> INLINE void add_weights(const float * weights, float * sums) {
    float x[N];
    for (int r = 0; r < N; r++) x[r] = sums[r];
    for (int j = 0; j < SPAN; j++)
        for (int r = 0; r < N; r++) x[r] += weights[r * SPAN + j];
    for (int r = 0; r < N; r++) sums[r] = x[r];
}
static void add_weights(int64_t rows, const float * weights, float * sums) {
    for (; rows >= 8; rows -= 8, weights += 8 * SPAN, sums += 8) add_weights<8>(weights, sums);
    for (; rows >= 2; rows -= 2, weights += 2 * SPAN, sums += 2) add_weights<2>(weights, sums);
    if (rows) add_weights<1>(weights, sums);
}

/** cap * tanh(x). */
INLINE F soft_cap(F x, float cap) {
    const F e = exp_negative(mul(abs(x), splat(-2.0f))), t = div(sub(splat(1.0f), e), add(splat(1.0f), e)), zero = splat(0);
    return mul(sub(keep_where_at_least(t, x, zero), keep_where_at_least(t, sub(zero, x), zero)), splat(cap));
}

} // namespace ouroboros

// Weights in F32, F16 and BF16, by activations in F32. Two accumulators an output, for even and odd elements: one chain of additions would wait for itself.
#pragma once
#include "weights.h"

namespace ouroboros {

/** A panel: element by element, 16 rows each; elements are filled up to a multiple of 64. */
template <Type type> struct Floats {
    enum { SIZE = type == F32 ? 4 : 2, BLOCK = 64 * ROWS * SIZE };

    static size_t panel(int64_t k) { return (k + 63) / 64 * BLOCK; }

    static void repack(const uint8_t * source, size_t stride, int64_t k, int rows, uint8_t * w) {
        for (int r = 0; r < rows; r++)
            for (int64_t i = 0; i < k; i++) memcpy(w + (i * ROWS + r) * SIZE, source + r * stride + i * SIZE, SIZE);
    }

    static METHOD N weight(const uint8_t * w) {
        if constexpr (type == F32) return ldn((const float *) w);
        else if constexpr (type == F16) return f16n(w);
        else return bf16n(w);
    }

    const uint8_t * w;
    const ActFloat * a;
    float * even, * odd;

    template <int NC> METHOD void part(int c0, int p) const {
        N x[NC], y[NC];
        for (int c = 0; c < NC; c++) {
            x[c] = ldn(even + ROWS * (c0 + c) + LANES * p);
            y[c] = ldn(odd + ROWS * (c0 + c) + LANES * p);
        }
        const uint8_t * v = w + LANES * p * SIZE;
#pragma GCC unroll 4
        for (int i = 0; i < 64; i += 2) {
            for (int j = 0; j < 2 * ROWS * SIZE; j += 64) ask_ahead_part<INTO_L1>(v + i * ROWS * SIZE + j, p);
            const N first = weight(v + i * ROWS * SIZE), second = weight(v + (i + 1) * ROWS * SIZE);
            const float * now = a[c0].x + i;
            asm("" : "+r"(now)); // one register: compilers take one for each column, and run out of them
            for (int c = 0; c < NC; c++) x[c] = fman(first, splatn(now[64 * c]), x[c]);
            for (int c = 0; c < NC; c++) y[c] = fman(second, splatn(now[64 * c + 1]), y[c]);
        }
        for (int c = 0; c < NC; c++) {
            stn(even + ROWS * (c0 + c) + LANES * p, x[c]);
            stn(odd + ROWS * (c0 + c) + LANES * p, y[c]);
        }
    }
    template <int NC> METHOD void columns(int c0) const {
        for (int p = 0; p < PARTS; p++) part<NC>(c0, p);
    }

    static void run(const uint8_t * w, int64_t k, const void * activations, int n, float * out) {
        const ActFloat * a = (const ActFloat *) activations;
        alignas(64) float odd[GROUP * ROWS];
        memset(odd, 0, n * ROWS * sizeof(float));
        for (int64_t b = 0; b < (k + 63) / 64; b++, w += BLOCK, a += n) {
            in_tiles<INTO_L1>(n, Floats { w, a, out, odd });
        }
        for (int i = 0; i < n * ROWS; i += 16) store(out + i, add(load(out + i), load(odd + i)));
    }
};

} // namespace ouroboros

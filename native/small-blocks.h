// Q4_0, Q4_1, IQ4_NL and Q8_0: blocks of 32 elements, two of them in a block of the layout.
#pragma once
#include "k-quants.h"

namespace ouroboros {

// A block of the layout: d of both halves (64 bytes), for Q4_1 m of both (64), then per half 4 vectors of nibbles (elements 4q.., 16 further)
// or 8 of bytes with 128 added.
template <Type type> struct Small {
    enum {
        HEAD = type == Q4_1 ? 128 : 64,
        HALF = type == Q8_0 ? 512 : 256,
        BLOCK = HEAD + 2 * HALF,
        SOURCE = type == Q8_0 ? 34 : type == Q4_1 ? 20 : 18,
    };

    static size_t panel(int64_t k) { return (k + 63) / 64 * BLOCK; }

    static void repack(const uint8_t * source, size_t stride, int64_t k, int rows, uint8_t * w) {
        for (int64_t b = 0; b < k / 32; b++)
            for (int r = 0; r < rows; r++) {
                const uint8_t * s = source + r * stride + b * SOURCE;
                uint8_t * o = w + b / 2 * BLOCK, * quants = o + HEAD + b % 2 * HALF;
                memcpy(o + b % 2 * 32 + 2 * r, s, 2);
                if (type == Q4_1) memcpy(o + 64 + b % 2 * 32 + 2 * r, s + 2, 2);
                const uint8_t * q = s + (type == Q4_1 ? 4 : 2);
                if (type == Q8_0)
                    for (int i = 0; i < 32; i++) quants[i / 4 * 64 + 4 * r + i % 4] = q[i] ^ 128;
                else
                    for (int i = 0; i < 4; i++) memcpy(quants + 64 * i + 4 * r, q + 4 * i, 4);
            }
    }

    template <Ahead ahead> struct Step {
        const uint8_t * w;
        const Act64 * a;
        float * out;

        template <int NC> METHOD void part(int c0, int p) const {
            const R low = bytes(15), table = table16(IQ4_VALUES);
            const Act64 * act = a + c0;
            for (int half = 0; half < 2; half++) {
                const uint8_t * v = w + HEAD + HALF * half + PART_BYTES * p;
                R x[NC];
                for (int c = 0; c < NC; c++) x[c] = zero();
                if constexpr (type == Q8_0) {
                    for (int q = 0; q < 8; q++) {
                        ask_ahead_part<ahead, (NC > 4)>(v + 64 * q, p);
                        const R e = ld(v + 64 * q);
                        for (int c = 0; c < NC; c++) x[c] = dot_offset(x[c], e, act[c].q + 32 * half + 4 * q);
                    }
                } else {
                    for (int q = 0; q < 4; q++) {
                        ask_ahead_part<ahead, (NC > 4)>(v + 64 * q, p);
                        const R nibbles = ld(v + 64 * q), e = both(nibbles, low), f = both(right<4>(nibbles), low);
                        for (int c = 0; c < NC; c++) {
                            const int8_t * t = act[c].q + 32 * half + 4 * q;
                            x[c] = type == IQ4_NL ? dot_offset(x[c], lookup(table, e), t) : dot_small(x[c], e, t);
                        }
                        for (int c = 0; c < NC; c++) {
                            const int8_t * t = act[c].q + 32 * half + 4 * q + 16;
                            x[c] = type == IQ4_NL ? dot_offset(x[c], lookup(table, f), t) : dot_small(x[c], f, t);
                        }
                    }
                }
                const N d = f16n(w + 32 * half + 2 * LANES * p);
                for (int c = 0; c < NC; c++) {
                    const int32_t * sum = act[c].sum + half;
                    float * f = out + ROWS * (c0 + c) + LANES * p;
                    N value;
                    if constexpr (type == Q4_0) value = muln(d, to_float(sub32(widen(x[c]), left32<3>(splat32(sum)))));
                    else if constexpr (type == Q4_1) value = fman(f16n(w + 64 + 32 * half + 2 * LANES * p), splatn((float) *sum), muln(d, to_float(widen(x[c]))));
                    else value = muln(d, to_float(without_offset(x[c], sum)));
                    stn(f, fman(value, splatn(act[c].d[half]), ldn(f)));
                }
            }
        }
        template <int NC> METHOD void columns(int c0) const {
            for (int p = 0; p < PARTS; p++) part<NC>(c0, p);
        }
    };

    template <Ahead ahead> static void run(const uint8_t * w, int64_t k, const void * activations, int n, float * out) {
        const Act64 * a = (const Act64 *) activations;
        for (int64_t b = 0; b < (k + 63) / 64; b++, w += BLOCK, a += n) {
            ask_ahead<ahead>(w, HEAD);
            in_tiles<ahead>(n, Step<ahead> { w, a, out });
        }
    }
};

} // namespace ouroboros

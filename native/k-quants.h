// Q4_K, Q5_K, Q6_K and IQ4_XS: super-blocks of 256 elements.
#pragma once
#include "weights.h"

namespace ouroboros {

// ---------------------------------------------------------------- Q4_K, Q5_K
// A block: d and dmin (64 bytes), scales and mins of 6 bits (192; those of sub-blocks 2i and 2i + 1 beside each other, for each row), 32 vectors
// of nibbles (low: elements 64i + 4q.., high: 32 further), and for Q5_K 8 vectors of high bits (vector q, bit 2i or 2i + 1).
enum { Q4_K_BLOCK = 256 + 2048, Q5_K_BLOCK = Q4_K_BLOCK + 512 };

inline size_t q4_k_panel(int64_t k) { return k / 256 * Q4_K_BLOCK; }
inline size_t q5_k_panel(int64_t k) { return k / 256 * Q5_K_BLOCK; }

template <bool five> void q45_k_repack(const uint8_t * source, size_t stride, int64_t k, int rows, uint8_t * w) {
    for (int64_t b = 0; b < k / 256; b++, w += five ? Q5_K_BLOCK : Q4_K_BLOCK)
        for (int r = 0; r < rows; r++) {
            const uint8_t * s = source + r * stride + b * (five ? 176 : 144), * scales = s + 4, * high = s + 16, * low = high + (five ? 32 : 0);
            memcpy(w + 2 * r, s, 2);
            memcpy(w + 32 + 2 * r, s + 2, 2);
            for (int j = 0; j < 8; j++) {
                const int scale = j < 4 ? scales[j] & 63 : (scales[j + 4] & 15) | (scales[j - 4] >> 6) << 4;
                const int least = j < 4 ? scales[j + 4] & 63 : (scales[j + 4] >> 4) | (scales[j] >> 6) << 4;
                const int place = 32 * (j / 2) + 2 * r + j % 2;
                w[64 + place] = (scale & 15) | (least & 15) << 4;
                w[192 + place % 64] |= ((scale >> 4) | (least >> 4) << 4) << (j < 4 ? 0 : 2);
            }
            for (int i = 0; i < 32; i++) memcpy(w + 256 + 64 * i + 4 * r, low + 4 * i, 4);
            if (five)
                for (int i = 0; i < 8; i++) memcpy(w + Q4_K_BLOCK + 64 * i + 4 * r, high + 4 * i, 4);
        }
}

/** Scales and mins of a block, ready for all columns. */
struct ScalesK {
    R scale[8][PARTS], pair[4][PARTS], least[4][PARTS];
    N d[PARTS], dmin[PARTS];
};
INLINE void read_scales(const uint8_t * w, ScalesK & o) {
    const R low = bytes(15), two = bytes(48);
    alignas(64) uint8_t scale[128], least[128];
    for (int i = 0; i < 64; i += PART_BYTES) {
        const R first = ld(w + 64 + i), second = ld(w + 128 + i), high = ld(w + 192 + i);
        st(scale + i, either(both(first, low), both(left<4>(high), two)));
        st(scale + 64 + i, either(both(second, low), both(left<2>(high), two)));
        st(least + i, either(both(right<4>(first), low), both(high, two)));
        st(least + 64 + i, either(both(right<4>(second), low), both(right<2>(high), two)));
    }
    for (int p = 0; p < PARTS; p++) {
        for (int j = 0; j < 4; j++) {
            o.pair[j][p] = pairs_u8(scale + 32 * j + 2 * LANES * p);
            o.least[j][p] = pairs_u8(least + 32 * j + 2 * LANES * p);
            o.scale[2 * j][p] = scales(first_of(o.pair[j][p]));
            o.scale[2 * j + 1][p] = scales(right32<16>(o.pair[j][p]));
        }
        o.d[p] = f16n(w + 2 * LANES * p);
        o.dmin[p] = f16n(w + 32 + 2 * LANES * p);
    }
}

/** Bit `bit` of each byte, as 16 or 0. */
template <int bit> INLINE R fifth(R high) {
    if constexpr (bit <= 4) return both(left<4 - bit>(high), bytes(16));
    else return both(right<bit - 4>(high), bytes(16));
}

/** Sub-blocks 2i and 2i + 1, of 32 elements each, by NC columns: the low and the high nibbles of the same vectors. */
template <bool five, Ahead ahead, int NC, int i> METHOD void q45_k_two(const uint8_t * w, const ScalesK & z, const Act256 * a, R * sum, int p) {
    enum { RUN = run_of(five ? 31 : 15), CENTERED = !five && folds_16_bits(ahead) };
    const R low = bytes(15);
    const uint8_t * nibbles = w + 256 + 512 * i + PART_BYTES * p, * high = w + Q4_K_BLOCK + PART_BYTES * p;
    R x[NC], y[NC];
#pragma GCC unroll 8
    for (int q = 0; q < 8; q++) {
        if (q % RUN == 0)
            for (int c = 0; c < NC; c++) {
                x[c] = CENTERED ? splat32(a[c].below8 + 2 * i) : zero();
                y[c] = CENTERED ? splat32(a[c].below8 + 2 * i + 1) : zero();
            }
        const R v = ld(nibbles + 64 * q);
        ask_ahead_part<ahead, (NC > 5 && NC < 8)>(nibbles + 64 * q, p);
        R e = both(v, low), f = both(right<4>(v), low);
        if constexpr (five) {
            const R h = ld(high + 64 * q);
            e = either(e, fifth<2 * i>(h));
            f = either(f, fifth<2 * i + 1>(h));
        }
        for (int c = 0; c < NC; c++) {
            x[c] = dot_small(x[c], e, a[c].q + 64 * i + 4 * q);
            y[c] = dot_small(y[c], f, a[c].q + 64 * i + 4 * q + 32);
        }
        if (q % RUN == RUN - 1)
            for (int c = 0; c < NC; c++) {
                const R first = z.scale[2 * i][p], second = z.scale[2 * i + 1][p];
                sum[c] = CENTERED ? fold16(fold16(sum[c], x[c], first), y[c], second) : fold(fold(sum[c], x[c], first), y[c], second);
            }
    }
}

template <bool five, Ahead ahead> struct StepQ45K {
    const uint8_t * w;
    const ScalesK & z;
    const Act256 * a;
    float * out;
    template <int NC> METHOD void part(int c0, int p) const {
        const Act256 * act = a + c0;
        R sum[NC];
        for (int c = 0; c < NC; c++) sum[c] = zero();
        q45_k_two<five, ahead, NC, 0>(w, z, act, sum, p);
        q45_k_two<five, ahead, NC, 1>(w, z, act, sum, p);
        q45_k_two<five, ahead, NC, 2>(w, z, act, sum, p);
        q45_k_two<five, ahead, NC, 3>(w, z, act, sum, p);
        for (int c = 0; c < NC; c++) {
            R least = zero(), center = zero();
            if (!five && folds_16_bits(ahead))
                for (int j = 0; j < 4; j++) center = dot_pairs(center, z.pair[j][p], act[c].sum32_pairs + 2 * j);
            sum[c] = add32(sum[c], left32<3>(center));
            for (int j = 0; j < 4; j++) least = dot_pairs(least, z.least[j][p], act[c].sum32_pairs + 2 * j);
            float * f = out + ROWS * (c0 + c) + LANES * p;
            stn(f, fman(fnman(z.dmin[p], to_float(least), muln(z.d[p], to_float(sum[c]))), splatn(act[c].d), ldn(f)));
        }
    }
    template <int NC> METHOD void columns(int c0) const {
        for (int p = 0; p < PARTS; p++) part<NC>(c0, p);
    }
};

template <bool five> struct Q45K {
    template <Ahead ahead> static void run(const uint8_t * w, int64_t k, const void * activations, int n, float * out) {
        enum { BLOCK = five ? Q5_K_BLOCK : Q4_K_BLOCK };
        const Act256 * a = (const Act256 *) activations;
        for (int64_t b = 0; b < k / 256; b++, w += BLOCK, a += n) {
            ask_ahead<ahead>(w, 256);
            if (five) ask_ahead<ahead>(w + Q4_K_BLOCK, 512);
            ScalesK z;
            read_scales(w, z);
            in_tiles<ahead>(n, StepQ45K<five, ahead> { w, z, a, out });
        }
    }
};

// ---------------------------------------------------------------- Q6_K
// All d of the panel; then a block: 16 times 16 scales, and for every 16 elements two vectors of nibbles and one of four times two bits.
enum { Q6_K_BLOCK = 256 + 16 * 192 };

inline size_t q6_k_head(int64_t k) { return (k / 256 * 32 + 63) / 64 * 64; }
inline size_t q6_k_panel(int64_t k) { return q6_k_head(k) + k / 256 * Q6_K_BLOCK; }

inline void q6_k_repack(const uint8_t * source, size_t stride, int64_t k, int rows, uint8_t * w) {
    uint8_t * p = w + q6_k_head(k);
    for (int64_t b = 0; b < k / 256; b++, p += Q6_K_BLOCK)
        for (int r = 0; r < rows; r++) {
            const uint8_t * s = source + r * stride + b * 210;
            uint8_t v[256];
            for (int h = 0; h < 2; h++)
                for (int l = 0; l < 32; l++) {
                    const uint8_t * low = s + 64 * h, high = s[128 + 32 * h + l];
                    v[128 * h + l] = (low[l] & 15) | (high & 3) << 4;
                    v[128 * h + l + 32] = (low[l + 32] & 15) | (high >> 2 & 3) << 4;
                    v[128 * h + l + 64] = low[l] >> 4 | (high >> 4 & 3) << 4;
                    v[128 * h + l + 96] = low[l + 32] >> 4 | (high >> 6) << 4;
                }
            memcpy(w + 32 * b + 2 * r, s + 208, 2);
            for (int u = 0; u < 16; u++) {
                p[16 * u + r] = s[192 + u];
                uint8_t * o = p + 256 + 192 * u + 4 * r;
                const uint8_t * e = v + 16 * u;
                for (int i = 0; i < 4; i++) {
                    o[i] = (e[i] & 15) | (e[4 + i] & 15) << 4;
                    o[64 + i] = (e[8 + i] & 15) | (e[12 + i] & 15) << 4;
                    o[128 + i] = e[i] >> 4 | e[4 + i] >> 4 << 2 | e[8 + i] >> 4 << 4 | e[12 + i] >> 4 << 6;
                }
            }
        }
}

struct ScalesQ6K {
    R scale[16][PARTS], pair[8][PARTS];
    N d[PARTS];
};
template <Ahead ahead> struct StepQ6K {
    const uint8_t * w;
    const ScalesQ6K & z;
    const Act256 * a;
    float * out;
    template <int NC> METHOD void part(int c0, int p) const {
        const R low = bytes(15), two = bytes(48);
        const Act256 * act = a + c0;
        R sum[NC];
        for (int c = 0; c < NC; c++) sum[c] = zero();
#pragma GCC unroll 2
        for (int u = 0; u < 16; u++) {
            const uint8_t * v = w + 256 + 192 * u + PART_BYTES * p;
            const R high = ld(v + 128);
            for (int i = 0; i < 192; i += 64) ask_ahead_part<ahead, (NC > 4)>(v + i, p);
            R x[NC];
            for (int half = 0; half < 2; half++) {
                const R nibbles = ld(v + 64 * half);
                const R e = either(both(nibbles, low), both(half ? high : left<4>(high), two));
                const R f = either(both(right<4>(nibbles), low), both(half ? right<2>(high) : left<2>(high), two));
                if (folds_16_bits(ahead))
                    for (int c = 0; c < NC; c++) x[c] = splat32(act[c].below32 + 2 * u + half);
                else if (half == 0 || SUMS_OF_16_BITS)
                    for (int c = 0; c < NC; c++) x[c] = zero();
                for (int c = 0; c < NC; c++) x[c] = dot_small(x[c], e, act[c].q + 16 * u + 8 * half);
                for (int c = 0; c < NC; c++) x[c] = dot_small(x[c], f, act[c].q + 16 * u + 8 * half + 4);
                if (folds_16_bits(ahead))
                    for (int c = 0; c < NC; c++) sum[c] = fold16(sum[c], x[c], z.scale[u][p]);
                else if (half == 1 || SUMS_OF_16_BITS)
                    for (int c = 0; c < NC; c++) sum[c] = fold(sum[c], x[c], z.scale[u][p]);
            }
        }
        for (int c = 0; c < NC; c++) {
            R m = zero(); // what 32 too much in each element comes to
            for (int i = 0; i < 8 && !folds_16_bits(ahead); i++) m = dot_pairs(m, z.pair[i][p], act[c].sum16_pairs + 2 * i);
            float * f = out + ROWS * (c0 + c) + LANES * p;
            stn(f, fman(muln(z.d[p], to_float(sub32(sum[c], left32<5>(m)))), splatn(act[c].d), ldn(f)));
        }
    }
    template <int NC> METHOD void columns(int c0) const {
        for (int p = 0; p < PARTS; p++) part<NC>(c0, p);
    }
};

template <Ahead ahead> void q6_k_run(const uint8_t * w, int64_t k, const void * activations, int n, float * out) {
    const Act256 * a = (const Act256 *) activations;
    const uint8_t * block = w + q6_k_head(k);
    for (int64_t b = 0; b < k / 256; b++, block += Q6_K_BLOCK, a += n) {
        ask_ahead<ahead>(block, 256);
        ScalesQ6K z;
        for (int p = 0; p < PARTS; p++) {
            for (int u = 0; u < 16; u += 2) {
                const R first = wide_i8(block + 16 * u + LANES * p), second = wide_i8(block + 16 * u + 16 + LANES * p);
                z.scale[u][p] = folds_16_bits(ahead) ? first_of(first) : scales(first);
                z.scale[u + 1][p] = folds_16_bits(ahead) ? first_of(second) : scales(second);
                z.pair[u / 2][p] = pairs_of(first, second);
            }
            z.d[p] = f16n(w + 32 * b + 2 * LANES * p);
        }
        in_tiles<ahead>(n, StepQ6K<ahead> { block, z, a, out });
    }
}

// ---------------------------------------------------------------- IQ4_XS
// A block: d (32 bytes), 8 times 16 scales, 32 bytes of nothing, 32 vectors of nibbles that stand for values of a table.
enum { IQ4_XS_BLOCK = 192 + 2048 };
/** ggml's kvalues_iq4nl with 128 added. */
static const uint8_t IQ4_VALUES[16] = { 1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241 };

inline size_t iq4_xs_panel(int64_t k) { return k / 256 * IQ4_XS_BLOCK; }

inline void iq4_xs_repack(const uint8_t * source, size_t stride, int64_t k, int rows, uint8_t * w) {
    for (int64_t b = 0; b < k / 256; b++, w += IQ4_XS_BLOCK)
        for (int r = 0; r < rows; r++) {
            const uint8_t * s = source + r * stride + b * 136;
            const int high = s[2] | s[3] << 8;
            memcpy(w + 2 * r, s, 2);
            for (int j = 0; j < 8; j++) {
                w[32 + 16 * j + r] = (uint8_t) (((s[4 + j / 2] >> 4 * (j % 2) & 15) | (high >> 2 * j & 3) << 4) - 32);
                for (int i = 0; i < 4; i++) memcpy(w + 192 + 256 * j + 64 * i + 4 * r, s + 8 + 16 * j + 4 * i, 4);
            }
        }
}

template <Ahead ahead> struct StepIQ4XS {
    const uint8_t * w;
    const Act256 * a;
    float * out;
    template <int NC> METHOD void part(int c0, int p) const {
        const R low = bytes(15), table = table16(IQ4_VALUES);
        const Act256 * act = a + c0;
        R sum[NC];
        for (int c = 0; c < NC; c++) sum[c] = zero();
        for (int j = 0; j < 8; j++) {
            R x[NC];
            for (int c = 0; c < NC; c++) x[c] = zero();
            for (int q = 0; q < 4; q++) {
                ask_ahead_part<ahead, (NC > 4)>(w + 192 + 256 * j + 64 * q, p);
                const R v = ld(w + 192 + 256 * j + 64 * q + PART_BYTES * p), e = lookup(table, both(v, low)), f = lookup(table, both(right<4>(v), low));
                for (int c = 0; c < NC; c++) x[c] = dot_offset(x[c], e, act[c].q + 32 * j + 4 * q);
                for (int c = 0; c < NC; c++) x[c] = dot_offset(x[c], f, act[c].q + 32 * j + 4 * q + 16);
            }
            const R scale = wide_i8(w + 32 + 16 * j + LANES * p);
            for (int c = 0; c < NC; c++) sum[c] = add32(sum[c], mul32(without_offset(x[c], act[c].sum32 + j), scale));
        }
        for (int c = 0; c < NC; c++) {
            float * f = out + ROWS * (c0 + c) + LANES * p;
            stn(f, fman(muln(f16n(w + 2 * LANES * p), to_float(sum[c])), splatn(act[c].d), ldn(f)));
        }
    }
    template <int NC> METHOD void columns(int c0) const {
        for (int p = 0; p < PARTS; p++) part<NC>(c0, p);
    }
};

template <Ahead ahead> void iq4_xs_run(const uint8_t * w, int64_t k, const void * activations, int n, float * out) {
    const Act256 * a = (const Act256 *) activations;
    for (int64_t b = 0; b < k / 256; b++, w += IQ4_XS_BLOCK, a += n) {
        ask_ahead<ahead>(w, 192);
        in_tiles<ahead>(n, StepIQ4XS<ahead> { w, a, out });
    }
}

} // namespace ouroboros

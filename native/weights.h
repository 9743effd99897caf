// How a type of weights is laid out and multiplied. A panel is 16 rows, interleaved so that a vector holds 16 rows by 4 elements: no shuffles,
// and what unpacking costs is shared by the columns. Each output has one float accumulator and takes its blocks in order, so its bits do not
// depend on the number of columns, on the split over threads, or on the instruction set.
#pragma once
#include "activations.h"

namespace ouroboros {

#if defined(__AVX512VNNI__)
enum { TILE = 8 }; // columns whose sums fit into the registers
#else
enum { TILE = 4 };
#endif
enum { GROUP = 64 };         // most columns of one `run`

/**
 * How weights are asked for before they are needed. INTO_L1: a page ahead. On AMD's processors that is slower than nothing: the caches' own
 * prefetchers do best alone while little is computed per line (HEADS: only the first lines of a block, which wake them in time); where much is,
 * they fall behind, and their first-level caches have no room for weights besides activations (INTO_L2: far ahead).
 */
enum Ahead { INTO_L1, INTO_L2, HEADS };
enum { PAGE = 4096, FAR = 3 * PAGE, HEADS_TILE = 4 };
/** How sums are scaled: AMD's processors multiply 32 bits as fast as 16, so that sums need not be centered to fit into 16. */
constexpr bool folds_16_bits(Ahead ahead) { return FOLDS_16_BITS && ahead == INTO_L1; }
typedef void Run(const uint8_t * panel, int64_t k, const void * activations, int n, float * out);

struct Kind {
    Type type;
    int unit;                // elements of a block in the layout
    int source_unit;         // elements of ggml's block, and its bytes
    size_t source_bytes;
    size_t activation_bytes; // of one column's block
    /** Bytes of a panel of rows of k elements: a multiple of 64. */
    size_t (*panel)(int64_t k);
    void (*quantize)(const float * x, int count, void * out);
    /** `rows` (1..16) of ggml's layout, `stride` bytes apart, into a panel that is all 0. */
    void (*repack)(const uint8_t * source, size_t stride, int64_t k, int rows, uint8_t * panel);
    /** One panel by n columns. activations: [block][column]; out: [column][16 rows]. */
    Run * run[HEADS + 1]; // by Ahead; HEADS takes at most HEADS_TILE columns
};

/** Of a block's head. What follows is asked for vector by vector: many requests at once would hold up the work. */
template <Ahead ahead> INLINE void ask_ahead(const uint8_t * w, int bytes) {
    for (int i = 0; i < bytes; i += 64) ahead == INTO_L1 ? prefetch(w + PAGE + i) : prefetch_l2(w + FAR + i);
}
/** Of a vector, when its first part `p` is read; `twice`: what came into L2 is asked for once more, a page ahead. */
template <Ahead ahead, bool twice = false> INLINE void ask_ahead_part(const uint8_t * w, int p) {
    if (p != 0) return;
    if (ahead == INTO_L1) prefetch(w + PAGE);
    if (ahead == INTO_L2) prefetch_l2(w + FAR);
    if (ahead == INTO_L2 && twice) prefetch(w + PAGE);
}

/** Calls `step.template columns<NC>(c)` for the columns 0..n-1 in tiles. */
template <Ahead ahead, class Step> INLINE void in_tiles(int n, const Step & step) {
    int c = 0;
    if (ahead != HEADS)
        for (; c + TILE <= n; c += TILE) step.template columns<TILE>(c);
    switch (n - c) {
    case 1: step.template columns<1>(c); return;
    case 2: step.template columns<2>(c); return;
    case 3: step.template columns<3>(c); return;
    }
    if constexpr (TILE > 4 || ahead == HEADS)
        if (n - c == 4) return step.template columns<4>(c);
    if constexpr (TILE > 4 && ahead != HEADS) switch (n - c) {
        case 5: return step.template columns<5>(c);
        case 6: return step.template columns<6>(c);
        case 7: return step.template columns<7>(c);
        }
}

} // namespace ouroboros

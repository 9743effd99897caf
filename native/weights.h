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
enum { LOOKAHEAD = 4096 };   // bytes of weights that are asked for ahead

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
    void (*run)(const uint8_t * panel, int64_t k, const void * activations, int n, float * out);
};

/** Of a block's head. What follows is asked for vector by vector: many requests at once would hold up the work. */
INLINE void ask_ahead(const uint8_t * w, int bytes) {
    for (int i = 0; i < bytes; i += 64) prefetch(w + LOOKAHEAD + i);
}
/** Of a vector, when its first part is read. */
struct Part {
    int p;
};
INLINE void ask_ahead(const uint8_t * w, Part part) {
    if (part.p == 0) prefetch(w + LOOKAHEAD);
}

/** Calls `step.template columns<NC>(c)` for the columns 0..n-1 in tiles. */
template <class Step> INLINE void in_tiles(int n, const Step & step) {
    int c = 0;
    for (; c + TILE <= n; c += TILE) step.template columns<TILE>(c);
    switch (n - c) {
    case 1: step.template columns<1>(c); break;
    case 2: step.template columns<2>(c); break;
    case 3: step.template columns<3>(c); break;
#if defined(__AVX512VNNI__)
    case 4: step.template columns<4>(c); break;
    case 5: step.template columns<5>(c); break;
    case 6: step.template columns<6>(c); break;
    case 7: step.template columns<7>(c); break;
#endif
    }
}

} // namespace ouroboros

// The order in which a cache's cells were last written. A text's tokens are written one after the other, wherever free cells lie, so attention that
// visits cells in this order adds up the same numbers in the same order however cells were handed out.
#pragma once
#include "abi.h"
#include <stdlib.h>

namespace ouroboros {

/** Memory that grows and never shrinks. */
template <class T> struct Array {
    T * data;
    int64_t size, capacity;
    /** Room for `count` more at the end. */
    T * extend(int64_t count) {
        if (size + count > capacity) {
            capacity = (size + count) * 3 / 2;
            data = (T *) realloc(data, capacity * sizeof(T));
            if (!data) abort();
        }
        size += count;
        return data + size - count;
    }
};

/** Cells of the tensors that are written with one index tensor: a cache's keys in all layers. */
struct Cells {
    Array<int32_t> order; // by last write
    Array<uint8_t> known; // per cell: 1 when in `order`
    size_t row;           // bytes from cell to cell
    uint64_t pass;        // the last that wrote
    const Tensor * index;
    int tensors;
};

/** A pass being planned: `id` is new for each; `computed` counts the passes of this thread that came to be computed. */
struct Pass {
    uint64_t id, computed;
};
/** The pass that this thread plans: a new one once the last was computed, or when something was already `seen` in it or later. */
Pass planned_pass(uint64_t seen = 0);
/** This thread computes: what it plans next belongs to another pass. */
void pass_computes();

/** Takes note of a SET_ROWS operation. */
void cells_written(const Tensor * op);
/** The cells of keys that are a view of a cache, else null. Another context may be writing its own at the same time, but not these. */
const Cells * cells_of(const Tensor * keys);
/** Of all tensors: where memory is used again for others, as in tests, they would have what was written to those. */
void forget_cells();

} // namespace ouroboros

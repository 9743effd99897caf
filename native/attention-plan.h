// Which cells each query token sees, in the order in which they are visited: made once per pass and mask, shared by all layers and heads.
#pragma once
#include "cells.h"

namespace ouroboros {

enum { SPAN = 32, TILE = 8, MASKED = 0xfc00 }; // MASKED: minus infinity in half precision

/** Consecutive tokens of a stream that see nearly the same cells. */
struct Tile {
    int32_t stream, first, tokens;
    int64_t length; // of its list, a multiple of SPAN
    int64_t cells;  // where its list of cells begins
    int64_t bias;   // and its mask values in the list's order: a row per mask head and token
    int64_t live;   // and the tokens that see something of a span: from, to
};

struct Plan {
    Array<Tile> tiles;
    Array<int32_t> cells;
    Array<uint16_t> bias;
    Array<uint8_t> live;
    int64_t longest, most_tokens; // of its tiles
    // What it was made for.
    uint64_t pass;
    const Tensor * op, * mask;
    const Cells * order;
    int64_t base, stride, keys, tokens, streams; // base: number of the first cell in its cache; stride: cells from stream to stream
};

/** The plan for a FLASH_ATTN_EXT operation. It lives until the thread has computed the pass and plans another. */
const Plan * plan_of(const Tensor * op);

} // namespace ouroboros

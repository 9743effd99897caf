// Weights in panels, and matrix products with them.
#pragma once
#include "weights.h"

namespace ouroboros {

/** The kernel for these weights; null: none, the stock one computes them. */
const Kind * kind_of(const Tensor * weights);

INLINE int64_t panels_of(const Tensor * weights) { return (weights->ne[1] + ROWS - 1) / ROWS; }

/** Bytes of all panels of a tensor; experts follow each other. */
size_t packed_bytes(const Tensor * weights);

extern Traits matmul;
/** Whether weights are asked for as AMD's processors like it. */
extern bool like_amd;

/** The buffer type whose weights lie in panels. */
extern BufferType buffer_type;
/** `extra`: what ggml asks for the traits of an operation. */
void init_buffer_type(void * device, void * extra);

} // namespace ouroboros

// ADD and GLU (SwiGLU) of floats, split by elements as products split their rows: each thread goes on with what it has written itself, which the others'
// processors need not fetch, and a single row is everybody's work.
#include "matmul.h"
#include "simd.h"

namespace ouroboros {

/** x / (1 + e^-x). */
INLINE F silu(F x) {
    const F zero = splat(0), t = exp_negative(sub(zero, abs(x)));
    const F share = max(keep_where_at_least(splat(1), x, zero), t); // 1, or e^x below 0
    return div(mul(x, share), add(splat(1), t));
}

/** out[i] = f(a[i], b[i]) for the elements from..to-1. */
template <class Function> INLINE void each(const float * a, const float * b, float * out, int64_t from, int64_t to, const Function & f) {
    int64_t i = from;
    for (; i + 16 <= to; i += 16) store_unaligned(out + i, f(load_unaligned(a + i), load_unaligned(b + i)));
    if (i == to) return;
    alignas(64) float x[16] = {}, y[16] = {};
    memcpy(x, a + i, (to - i) * sizeof(float));
    memcpy(y, b + i, (to - i) * sizeof(float));
    store(x, f(load(x), load(y)));
    memcpy(out + i, x, (to - i) * sizeof(float));
}

static const char * row_of(const Tensor * t, int64_t i1, int64_t i2, int64_t i3) {
    return (const char *) t->data + i1 % t->ne[1] * t->nb[1] + i2 % t->ne[2] * t->nb[2] + i3 % t->ne[3] * t->nb[3];
}

/** All rows, this thread's elements. Without `src[1]` a row of `src[0]` has both operands, the second one first if the operation is `swapped`. */
template <class Function> static void compute_rows(const Params * p, Tensor * op, const Function & f) {
    const Tensor * a = op->src[0], * b = op->src[1];
    const int64_t k = op->ne[0], lines = (k + 15) / 16;
    const int64_t from = lines * p->ith / p->nth * 16, end = lines * (p->ith + 1) / p->nth * 16, to = end < k ? end : k;
    int64_t first = 0, second = 0;
    if (!b) {
        b = a;
        const bool swapped = op->op_params[1];
        (swapped ? first : second) = k;
    }
    for (int64_t i3 = 0; i3 < op->ne[3]; i3++)
        for (int64_t i2 = 0; i2 < op->ne[2]; i2++)
            for (int64_t i1 = 0; i1 < op->ne[1]; i1++)
                each((const float *) row_of(a, i1, i2, i3) + first, (const float *) row_of(b, i1, i2, i3) + second,
                     (float *) row_of(op, i1, i2, i3), from, to, f);
}

static bool no_memory(Traits *, int, const Tensor *, size_t &) { return !stock_wanted(); }

static bool add_rows(Traits *, Params * p, Tensor * op) {
    compute_rows(p, op, [](F a, F b) { return add(a, b); });
    return true;
}
static bool glu_rows(Traits *, Params * p, Tensor * op) {
    compute_rows(p, op, [](F a, F b) { return mul(silu(a), b); });
    return true;
}

static const TraitsTable add_table = { nothing, nothing, no_memory, add_rows }, glu_table = { nothing, nothing, no_memory, glu_rows };
static Traits adding = { &add_table }, gating = { &glu_table };

static bool is_floats(const Tensor * t) { return t->type == F32 && t->nb[0] == sizeof(float); }

Traits * elementwise_traits(const Tensor * op) {
    const Tensor * a = op->src[0], * b = op->src[1];
    if (op->op == ADD)
        return is_floats(op) && is_floats(a) && is_floats(b) && a->ne[0] == op->ne[0] && b->ne[0] == op->ne[0] ? &adding : nullptr;
    return op->op == GLU && op->op_params[0] == SWIGLU && is_floats(op) && is_floats(a) && (!b || is_floats(b)) ? &gating : nullptr;
}

} // namespace ouroboros

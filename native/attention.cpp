// FLASH_ATTN_EXT. A row's result is made of its own cells alone, in the order of their last writes: the largest score is known before the first weight,
// nothing is rescaled, and keys that only other rows of the tile see have weight 0. So its bits depend neither on the other rows of the pass nor on
// other sequences, places of cells, threads or the instruction set.
#include "attention-kernels.h"

namespace ouroboros {

static __thread bool stock; // this thread loads and decodes with stock kernels

bool stock_wanted() { return stock; }

/** Whether what the calling thread loads and decodes uses these kernels (the default) or the stock ones (0). */
EXPORT void ouroboros_use(int32_t on) {
    stock = !on;
}

/** Scores that a thread holds at once. */
enum { SCORES = 1 << 18 };

struct Sizes {
    int64_t keys, values, heads, shared, group; // shared: key-value heads; group: query heads to each
    int64_t rows, chunks;                       // a task has at most so many rows, 1 of so many chunks of a tile's
    int64_t floats;                             // of scratch to a thread
};

static Sizes sizes_of(const Tensor * op, const Plan & plan, int threads) {
    const Tensor * q = op->src[0], * k = op->src[1], * v = op->src[2];
    Sizes z = { k->ne[0], v->ne[0], q->ne[2], k->ne[2], q->ne[2] / k->ne[2], 0, 0, 0 };
    const int64_t rows = plan.most_tokens * z.group, length = plan.longest > SPAN ? plan.longest : (int64_t) SPAN;
    const int64_t fit = SCORES / length < 1 ? 1 : SCORES / length < rows ? SCORES / length : rows;
    // The fewest chunks that fit, or more where threads would idle. Reading keys and values costs every chunk as much as some rows.
    enum { READING = 4 };
    int64_t best = 0;
    const int64_t fewest = (rows + fit - 1) / fit;
    for (int64_t c = fewest; c <= rows && c <= fewest + threads; c++) {
        const int64_t of_thread = (plan.tiles.size * z.shared * c + threads - 1) / threads, cost = of_thread * ((rows + c - 1) / c + READING);
        if (!best || cost < best) {
            best = cost;
            z.chunks = c;
        }
    }
    z.rows = (rows + z.chunks - 1) / z.chunks;
    // A pass may be computed by fewer threads than it was planned for, in chunks of more rows.
    z.floats = (SPAN * (z.keys + z.values) + fit * (z.keys + z.values + length + 16 + 1) + 15) / 16 * 16;
    return z;
}

/** Whether rows of these keys or values can be read. */
static bool reads(const Tensor * t) {
    switch (t->type) {
        case F32: return t->nb[0] == 4 && t->ne[0] % 16 == 0;
        case F16: case BF16: return t->nb[0] == 2 && t->ne[0] % 16 == 0;
        case Q8_0: return t->nb[0] == 34 && t->ne[0] % 32 == 0;
        default: return false;
    }
}

static bool takes(const Tensor * op) {
    const Tensor * q = op->src[0], * k = op->src[1], * v = op->src[2], * m = op->src[3], * sinks = op->src[4];
    const int64_t n = q->ne[1], streams = q->ne[3];
    return q->type == F32 && q->nb[0] == 4 && op->type == F32 && op->nb[0] == 4 && reads(k) && reads(v) &&
        q->ne[2] % k->ne[2] == 0 && k->ne[2] == v->ne[2] && k->ne[3] == streams && v->ne[3] == streams && k->ne[1] == v->ne[1] && k->ne[1] > 0 && n > 0 &&
        // The mask must be there before the pass is computed: an input, not the result of an operation.
        (!m || (m->type == F16 && !m->op && m->nb[0] == 2 && m->ne[0] >= k->ne[1] && m->ne[1] >= n)) && (!sinks || sinks->type == F32);
}

// The plan travels in the tensor's padding, from the thread that plans to those that compute.
static void keep(const Tensor * op, const Plan * plan) {
    memcpy(const_cast<char *>(op->padding), &plan, sizeof(plan));
}
static const Plan * kept(const Tensor * op) {
    const Plan * plan;
    memcpy(&plan, op->padding, sizeof(plan));
    return plan;
}
static_assert(sizeof(Tensor::padding) == sizeof(Plan *), "room for a pointer");

static bool plan_pass(Traits *, int threads, const Tensor * op, size_t & bytes) {
    keep(op, nullptr);
    if (stock) return false;
    const Plan * plan = plan_of(op);
    keep(op, plan);
    bytes = sizes_of(op, *plan, threads).floats * 4 * threads + 64;
    return true;
}

/** What a task needs: rows `from` to `to` (token by token, head by head) of a tile and key-value head. */
struct Task {
    const Tensor * op;
    const Plan & plan;
    const Tile & tile;
    int64_t head, from, to;
};

/** The rows of a span that see something of it, within the task. */
static bool seeing(const Task & t, int64_t group, int64_t span, int64_t & from, int64_t & to) {
    const uint8_t * live = t.plan.live.data + t.tile.live + 2 * span;
    from = live[0] * group > t.from ? live[0] * group : t.from;
    to = live[1] * group < t.to ? live[1] * group : t.to;
    return from < to;
}

/** Spans that rows are asked for ahead, into the second-level cache: the first has no room beside what is computed with. */
enum { SPANS_AHEAD = 2 };

/** Pointers to the cached rows of a span; those of a later one are asked for. */
static void find_rows(const Tensor * cache, const Task & t, int64_t span, const char ** rows) {
    const char * base = (const char *) cache->data + t.head * cache->nb[2] + t.tile.stream * cache->nb[3];
    const int32_t * cells = t.plan.cells.data + t.tile.cells + span * SPAN;
    for (int j = 0; j < SPAN; j++) rows[j] = base + cells[j] * cache->nb[1];
    const int32_t * later = cells + SPANS_AHEAD * SPAN;
    if ((span + SPANS_AHEAD) * SPAN >= t.tile.length) return;
    const int64_t bytes = row_bytes(cache->type, cache->ne[0]);
    for (int j = 0; j < SPAN; j++)
        for (int64_t i = 0; i < bytes; i += 64) prefetch_l2(base + later[j] * cache->nb[1] + i);
}

/** The factor of ALiBi: a power of two's root to the head's power. */
static float slope_of(const Tensor * op, int64_t head) {
    const float max_bias = float_at(op->op_params + 1);
    if (max_bias <= 0) return 1;
    int64_t low = 1;
    while (2 * low <= op->src[0]->ne[2]) low *= 2;
    const float power = head < low ? max_bias * (head + 1) / low : max_bias / 2 * (2 * (head - low) + 1) / low;
    alignas(64) float out[16];
    store(out, exp_negative(splat(-0.69314718f * power)));
    return out[0];
}

static void compute_task(const Task & t, const Sizes & z, float * scratch) {
    const Tensor * op = t.op, * q = op->src[0], * k = op->src[1], * v = op->src[2], * mask = op->src[3], * sinks = op->src[4];
    const float cap = float_at(op->op_params + 2), scale = cap == 0 ? float_at(op->op_params) : float_at(op->op_params) / cap;
    const int64_t rows = t.to - t.from, mask_heads = mask ? mask->ne[2] : 1, spans = t.tile.length / SPAN;
    float * keys = scratch, * values = keys + SPAN * z.keys, * queries = values + SPAN * z.values, * sums = queries + rows * z.keys;
    float * tops = sums + rows * z.values, * scores = tops + rows * 16, * totals = scores + rows * t.tile.length;
    const Read read_key = key_reader(k->type), read_value = value_reader(v->type);
    const auto token = [&](int64_t row) { return t.tile.first + row / z.group; };
    const auto head = [&](int64_t row) { return t.head * z.group + row % z.group; };
    for (int64_t r = 0; r < rows; r++) {
        const int64_t row = t.from + r;
        const float * x = (const float *) ((const char *) q->data + token(row) * q->nb[1] + head(row) * q->nb[2] + t.tile.stream * q->nb[3]);
        for (int64_t d = 0; d < z.keys; d++) queries[r * z.keys + d] = x[d] * scale;
        store(tops + 16 * r, splat(-__builtin_inff()));
        totals[r] = 0;
    }
    memset(sums, 0, rows * z.values * sizeof(float));

    const char * cached[SPAN];
    for (int64_t s = 0, from, to; s < spans; s++) {
        if (!seeing(t, z.group, s, from, to)) continue;
        find_rows(k, t, s, cached);
        read_key(cached, z.keys, keys);
        float * y = scores + (s * rows + from - t.from) * SPAN;
        multiply_keys(to - from, queries + (from - t.from) * z.keys, z.keys, keys, y);
        for (int64_t row = from; row < to; row++, y += SPAN) {
            const uint16_t * bias = t.plan.bias.data + t.tile.bias + (head(row) % mask_heads * t.tile.tokens + row / z.group) * t.tile.length + s * SPAN;
            const F slope = splat(slope_of(op, head(row)));
            F a = load(y), b = load(y + 16);
            if (cap != 0) {
                a = soft_cap(a, cap);
                b = soft_cap(b, cap);
            }
            a = fma(from_f16(bias), slope, a);
            b = fma(from_f16(bias + 16), slope, b);
            store(y, a);
            store(y + 16, b);
            float * top = tops + 16 * (row - t.from);
            store(top, max(load(top), max(a, b)));
        }
    }
    for (int64_t r = 0; r < rows; r++) {
        float top = largest(load(tops + 16 * r));
        const float sink = sinks ? ((const float *) sinks->data)[head(t.from + r)] : top;
        if (top < sink) top = sink;
        tops[16 * r] = top == -__builtin_inff() ? 0 : top;
    }
    for (int64_t s = 0, from, to; s < spans; s++) {
        if (!seeing(t, z.group, s, from, to)) continue;
        find_rows(v, t, s, cached);
        read_value(cached, z.values, values);
        const int64_t first = from - t.from, count = to - from;
        float * y = scores + (s * rows + first) * SPAN;
        for (int64_t r = 0; r < count; r++) {
            const F top = splat(tops[16 * (first + r)]);
            store(y + r * SPAN, exp_negative(sub(load(y + r * SPAN), top)));
            store(y + r * SPAN + 16, exp_negative(sub(load(y + r * SPAN + 16), top)));
        }
        add_weights(count, y, totals + first);
        add_values(count, y, values, z.values, sums + first * z.values);
    }
    for (int64_t r = 0; r < rows; r++) {
        const int64_t row = t.from + r;
        alignas(64) float total[16];
        store(total, splat(totals[r]));
        if (sinks) store(total, add(load(total), exp_negative(splat(((const float *) sinks->data)[head(row)] - tops[16 * r]))));
        const F divisor = splat(total[0] == 0 ? 1 : total[0]); // a row that sees nothing: zeros
        float * out = (float *) ((char *) op->data + ((t.tile.stream * op->ne[2] + token(row)) * op->ne[1] + head(row)) * op->nb[1]);
        for (int64_t d = 0; d < z.values; d += 16) store_unaligned(out + d, div(load(sums + r * z.values + d), divisor));
    }
}

static bool compute(Traits *, Params * p, Tensor * op) {
    if (p->ith == 0) pass_computes();
    const Plan * plan = kept(op);
    if (!plan) return false;
    const Sizes z = sizes_of(op, *plan, p->nth);
    float * scratch = (float *) aligned(p->wdata) + z.floats * p->ith;
    const int64_t tasks = plan->tiles.size * z.chunks * z.shared;
    for (int64_t i = p->ith; i < tasks; i += p->nth) {
        // The last tiles, which have the longest lists, first.
        const Tile & tile = plan->tiles.data[plan->tiles.size - 1 - i / (z.chunks * z.shared)];
        const int64_t chunk = i / z.shared % z.chunks, rows = tile.tokens * z.group;
        compute_task({ op, *plan, tile, i % z.shared, rows * chunk / z.chunks, rows * (chunk + 1) / z.chunks }, z, scratch);
    }
    return true;
}

static bool note_cells(Traits *, int, const Tensor * op, size_t &) {
    cells_written(op);
    return false;
}
static bool leave_to_stock(Traits *, Params * p, Tensor *) {
    if (p->ith == 0) pass_computes();
    return false;
}

static const TraitsTable attention_table = { nothing, nothing, plan_pass, compute }, cells_table = { nothing, nothing, note_cells, leave_to_stock };
static Traits attention = { &attention_table }, cells = { &cells_table };

Traits * attention_traits(const Tensor * op) {
    if (op->op == SET_ROWS) return &cells;
    return op->op == FLASH_ATTN_EXT && takes(op) ? &attention : nullptr;
}

} // namespace ouroboros

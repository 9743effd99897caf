// MUL_MAT and MUL_MAT_ID with weights in panels.
#include "matmul.h"
#include "floats.h"
#include "small-blocks.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace ouroboros {

Backend backend;

#define BY_AHEAD(...) { __VA_ARGS__<INTO_L1>, __VA_ARGS__<INTO_L2>, __VA_ARGS__<HEADS> }
#define SMALL(type) Small<type>::panel, quantize64, Small<type>::repack, BY_AHEAD(Small<type>::run)
#define FLOATS(type) Floats<type>::panel, keep_floats, Floats<type>::repack, { Floats<type>::run, Floats<type>::run, Floats<type>::run }
static const Kind KINDS[] = {
    { Q4_K, 256, 256, 144, sizeof(Act256), q4_k_panel, quantize256, q45_k_repack<false>, BY_AHEAD(Q45K<false>::run) },
    { Q5_K, 256, 256, 176, sizeof(Act256), q5_k_panel, quantize256, q45_k_repack<true>, BY_AHEAD(Q45K<true>::run) },
    { Q6_K, 256, 256, 210, sizeof(Act256), q6_k_panel, quantize256, q6_k_repack, BY_AHEAD(q6_k_run) },
    { IQ4_XS, 256, 256, 136, sizeof(Act256), iq4_xs_panel, quantize256, iq4_xs_repack, BY_AHEAD(iq4_xs_run) },
    { Q4_0, 64, 32, 18, sizeof(Act64), SMALL(Q4_0) },
    { Q4_1, 64, 32, 20, sizeof(Act64), SMALL(Q4_1) },
    { IQ4_NL, 64, 32, 18, sizeof(Act64), SMALL(IQ4_NL) },
    { Q8_0, 64, 32, 34, sizeof(Act64), SMALL(Q8_0) },
    { F32, 64, 1, 4, sizeof(ActFloat), FLOATS(F32) },
    { F16, 64, 1, 2, sizeof(ActFloat), FLOATS(F16) },
    { BF16, 64, 1, 2, sizeof(ActFloat), FLOATS(BF16) },
};

static bool made_by_amd() {
#if defined(__x86_64__)
    unsigned int level, name, ignored;
    return __get_cpuid(0, &level, &name, &ignored, &ignored) && name == signature_AMD_ebx;
#else
    return false;
#endif
}
bool like_amd = made_by_amd();

/** How to ask for the weights of a product with n columns whose activations take so many bytes: measured on Zen 4. */
static Ahead ahead_for(int n, int64_t activations) {
    if (!like_amd) return INTO_L1;
    return n <= 2 || (n <= HEADS_TILE && activations <= 16384) ? HEADS : INTO_L2;
}

const Kind * kind_of(const Tensor * t) {
    for (const Kind & kind : KINDS)
        if (kind.type == t->type && t->ne[0] > 0 && t->ne[0] % kind.source_unit == 0 && t->ne[1] > 0 && t->ne[3] == 1 &&
            t->nb[1] == t->ne[0] / kind.source_unit * kind.source_bytes && t->nb[2] == t->nb[1] * t->ne[1])
            return &kind;
    return nullptr;
}

size_t packed_bytes(const Tensor * t) {
    return kind_of(t)->panel(t->ne[0]) * panels_of(t) * t->ne[2];
}

/** Where a product reads an activation column and writes the result. */
static const char * column(const Tensor * t, int64_t c) {
    const int64_t i1 = c % t->ne[1], rest = c / t->ne[1];
    return (const char *) t->data + i1 * t->nb[1] + rest % t->ne[2] * t->nb[2] + rest / t->ne[2] * t->nb[3];
}

static int64_t columns_of(const Tensor * op) {
    const Tensor * b = op->src[1];
    return op->op == MUL_MAT_ID ? op->src[2]->ne[0] * op->src[2]->ne[1] : b->ne[1] * b->ne[2] * b->ne[3];
}

/** Columns, grouped by the expert that they go to: a dense product is one expert's. */
struct Plan {
    int64_t n, blocks;
    int32_t * source; // by place: which column of the operation stands there
    int32_t * first;  // by expert: its first place; one more at the end
};

static int32_t expert_at(const Tensor * ids, int64_t column) {
    return *(const int32_t *) ((const char *) ids->data + column / ids->ne[0] * ids->nb[1] + column % ids->ne[0] * ids->nb[0]);
}

static size_t plan_bytes(const Tensor * op) {
    return ((columns_of(op) + op->src[0]->ne[2] + 1) * sizeof(int32_t) + 127) / 64 * 64;
}

/** Every thread makes its own, so that none waits. */
static Plan make_plan(const Tensor * op, const Kind & kind, char * memory) {
    const int64_t n = columns_of(op), experts = op->src[0]->ne[2];
    Plan plan = { n, (op->src[0]->ne[0] + kind.unit - 1) / kind.unit, (int32_t *) memory, (int32_t *) memory + n };
    if (op->op == MUL_MAT) {
        for (int64_t c = 0; c < n; c++) plan.source[c] = (int32_t) c;
        plan.first[0] = 0;
        plan.first[1] = (int32_t) n;
        return plan;
    }
    const Tensor * ids = op->src[2];
    memset(plan.first, 0, (experts + 1) * sizeof(int32_t));
    for (int64_t c = 0; c < n; c++) plan.first[expert_at(ids, c) + 1]++;
    for (int64_t e = 0; e < experts; e++) plan.first[e + 1] += plan.first[e];
    for (int64_t c = 0; c < n; c++) plan.source[plan.first[expert_at(ids, c)]++] = (int32_t) c;
    for (int64_t e = experts; e > 0; e--) plan.first[e] = plan.first[e - 1];
    plan.first[0] = 0;
    return plan;
}

static const float * input(const Tensor * op, int64_t c) {
    const Tensor * b = op->src[1];
    if (op->op == MUL_MAT) return (const float *) column(b, c);
    const int64_t used = op->src[2]->ne[0]; // either a column for each expert of a token, or one for all of them
    return (const float *) ((const char *) b->data + c % used % b->ne[1] * b->nb[1] + c / used * b->nb[2]);
}

static char * output(const Tensor * op, int64_t c) {
    if (op->op == MUL_MAT) return (char *) column(op, c);
    const int64_t used = op->src[2]->ne[0];
    return (char *) op->data + c % used * op->nb[1] + c / used * op->nb[2];
}

/** The rows of an output layer that a draft model computes (FR-Spec): those of these panels. Every other logit is UNLIKELY. */
struct Vocabulary {
    int64_t rows;
    int32_t count;
    const int32_t * panels;
};
static thread_local Vocabulary vocabulary;
static const float UNLIKELY = -1e9f;

/** Products with this many rows of weights, in this thread's next passes. No rows: everything is computed. `panels` must outlive the passes. */
EXPORT void ouroboros_vocabulary(int64_t rows, const int32_t * panels, int32_t count) { vocabulary = { rows, count, panels }; }

/** A thread's next chunk, counted from its first. */
struct alignas(64) Queue {
    int32_t next;
};

static bool work_size(Traits *, int threads, const Tensor * op, size_t & bytes) {
    ((Tensor *) op)->extra = op->op == MUL_MAT && op->src[0]->ne[1] == vocabulary.rows ? &vocabulary : nullptr;
    const Kind & kind = *kind_of(op->src[0]);
    const int64_t blocks = (op->src[0]->ne[0] + kind.unit - 1) / kind.unit;
    bytes = 64 + (sizeof(Queue) + plan_bytes(op)) * threads + columns_of(op) * blocks * kind.activation_bytes;
    return true;
}

/** Asks for what the other threads have just written, in one go: their processors may lie far apart. At most a part of the second-level cache. */
static void fetch(const char * from, int64_t bytes) {
    for (int64_t i = 0; i < bytes && i < 1 << 18; i += 64) prefetch_l2(from + i);
}

/** The operation whose result this is a view of. */
static int32_t maker_of(const Tensor * t) {
    while (t->view_src && t->src[0]) t = t->src[0];
    return t->op;
}

/**
 * Quantizes this thread's share of a dense product's columns, [group of columns][block][column]. As far as possible that is what it has written itself:
 * elements where the operation before is split by elements, else every nth column, as ggml splits norms.
 */
static void quantize_own(const Tensor * op, const Kind & kind, const Plan & plan, const Params * p, char * activations) {
    const int64_t k = op->src[0]->ne[0];
    const int32_t maker = maker_of(op->src[1]);
    const bool by_elements = plan.blocks >= p->nth && (plan.n < p->nth || maker == GLU || maker == ADD || maker == FLASH_ATTN_EXT);
    const int64_t from = by_elements ? plan.blocks * p->ith / p->nth : 0, to = by_elements ? plan.blocks * (p->ith + 1) / p->nth : plan.blocks;
    for (int64_t c = by_elements ? 0 : p->ith; c < plan.n; c += by_elements ? 1 : p->nth) {
        const int64_t group = c / GROUP * GROUP, width = plan.n - group < GROUP ? plan.n - group : (int64_t) GROUP;
        const float * x = input(op, c);
        char * out = activations + (group * plan.blocks + c - group) * kind.activation_bytes;
        for (int64_t block = from; block < to; block++) {
            const int64_t left = k - block * kind.unit;
            kind.quantize(x + block * kind.unit, left < kind.unit ? (int) left : kind.unit, out + block * width * kind.activation_bytes);
        }
    }
}

/** The same of the columns of several experts, [expert][group of columns][block][column], or where there are fewer columns and blocks than threads. */
static void quantize_columns(const Tensor * op, const Kind & kind, const Plan & plan, const Params * p, char * activations) {
    const int64_t k = op->src[0]->ne[0], experts = op->op == MUL_MAT ? 1 : op->src[0]->ne[2];
    const int64_t from = plan.n * plan.blocks * p->ith / p->nth, to = plan.n * plan.blocks * (p->ith + 1) / p->nth;
    int64_t expert = 0;
    for (int64_t i = from; i < to; i++) {
        const int64_t place = i / plan.blocks, block = i % plan.blocks;
        while (expert + 1 < experts && plan.first[expert + 1] <= place) expert++;
        const int64_t begin = plan.first[expert], group = begin + (place - begin) / GROUP * GROUP;
        const int64_t width = plan.first[expert + 1] - group < GROUP ? plan.first[expert + 1] - group : GROUP;
        const int64_t left = k - block * kind.unit;
        kind.quantize(input(op, plan.source[place]) + block * kind.unit, left < kind.unit ? (int) left : kind.unit,
                      activations + (group * plan.blocks + block * width + place - group) * kind.activation_bytes);
    }
}

/** Panels from..to-1 (of `chosen`, where only some are computed) of one expert by its columns. */
static void multiply(const Tensor * op, const Kind & kind, const Plan & plan, const char * activations, int64_t expert, int64_t from, int64_t to,
                     const int32_t * chosen) {
    const Tensor * w = op->src[0];
    const size_t bytes = kind.panel(w->ne[0]);
    alignas(64) float sums[GROUP * ROWS];
    for (int64_t group = plan.first[expert]; group < plan.first[expert + 1]; group += GROUP) {
        const int64_t left = plan.first[expert + 1] - group;
        const int width = (int) (left < GROUP ? left : GROUP);
        Run * run = kind.run[ahead_for(width, width * plan.blocks * kind.activation_bytes)];
        char * outputs[GROUP];
        for (int c = 0; c < width; c++) outputs[c] = output(op, plan.source[group + c]);
        for (int64_t i = from; i < to; i++) {
            const int64_t panel = chosen ? chosen[i] : i;
            const int64_t rows = w->ne[1] - panel * ROWS;
            memset(sums, 0, width * ROWS * sizeof(float));
            run((const uint8_t *) w->data + (expert * panels_of(w) + panel) * bytes, w->ne[0],
                activations + group * plan.blocks * kind.activation_bytes, width, sums);
            for (int c = 0; c < width; c++) {
                char * out = outputs[c] + panel * ROWS * sizeof(float);
                if (rows >= ROWS) memcpy(out, sums + ROWS * c, ROWS * sizeof(float));
                else memcpy(out, sums + ROWS * c, rows * sizeof(float));
            }
        }
    }
}

static bool compute(Traits *, Params * p, Tensor * op) {
    const Tensor * w = op->src[0];
    const Kind & kind = *kind_of(w);
    Queue * queues = (Queue *) aligned(p->wdata);
    char * memory = (char *) (queues + p->nth), * activations = memory + plan_bytes(op) * p->nth;
    const Plan plan = make_plan(op, kind, memory + plan_bytes(op) * p->ith);
    if (op->op == MUL_MAT && (plan.n >= p->nth || plan.blocks >= p->nth)) quantize_own(op, kind, plan, p, activations);
    else quantize_columns(op, kind, plan, p, activations);
    const Vocabulary * some = (const Vocabulary *) op->extra;
    for (int64_t c = some ? p->ith : plan.n; c < plan.n; c += p->nth)
        for (int64_t row = 0; row < w->ne[1]; row++) ((float *) output(op, c))[row] = UNLIKELY;
    // Chunks of panels, handed out as threads get free: at least 32 KB each.
    const int64_t panels = some ? some->count : panels_of(w), bytes = (int64_t) kind.panel(w->ne[0]), experts = op->op == MUL_MAT ? 1 : w->ne[2];
    int64_t step = panels / (4 * p->nth);
    if (step * bytes < 32768) step = (32768 + bytes - 1) / bytes;
    if (step * p->nth > panels) step = (panels + p->nth - 1) / p->nth;
    const int64_t per_expert = (panels + step - 1) / step, chunks = per_expert * experts;
    __atomic_store_n(&queues[p->ith].next, 0, __ATOMIC_RELAXED);
    backend.barrier(p->threadpool);
    fetch(activations, plan.n * plan.blocks * kind.activation_bytes);
    // Its own first, the same in each product of a shape; then those of threads that are late.
    for (int i = 0; i < p->nth; i++) {
        const int owner = (p->ith + i) % p->nth;
        const int64_t first = chunks * owner / p->nth, count = chunks * (owner + 1) / p->nth - first;
        while (__atomic_load_n(&queues[owner].next, __ATOMIC_RELAXED) < count) {
            const int64_t at = __atomic_fetch_add(&queues[owner].next, 1, __ATOMIC_RELAXED);
            if (at >= count) break;
            const int64_t chunk = first + at, from = chunk % per_expert * step;
            multiply(op, kind, plan, activations, chunk / per_expert, from, from + step < panels ? from + step : panels,
                     some ? some->panels : nullptr);
        }
    }
    return true;
}

static const TraitsTable TABLE = { nothing, nothing, work_size, compute };
Traits matmul = { &TABLE };

Traits * matmul_traits(const Tensor * op) {
    const Tensor * w = op->src[0];
    return (op->op == MUL_MAT || op->op == MUL_MAT_ID) && w->buffer && w->buffer->type == &buffer_type ? &matmul : nullptr;
}

} // namespace ouroboros

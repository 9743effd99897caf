// Attention without llama.cpp: what the unit tests call.
#include "attention-plan.h"
#include <pthread.h>

namespace ouroboros {

struct AttentionThread {
    pthread_t id;
    Params params;
    Tensor * op;
    bool done;
};
static void * attend(void * thread) {
    AttentionThread & t = *(AttentionThread *) thread;
    Traits * traits = attention_traits(t.op);
    t.done = traits->table->compute(traits, &t.params, t.op);
    return nullptr;
}

/** Dimensions from the innermost, with the bytes of an element or block and the elements in it. */
static Tensor shaped(int64_t type, int64_t unit, int64_t block, int64_t a, int64_t b, int64_t c, int64_t d, const void * data) {
    Tensor t = {};
    t.type = (int32_t) type;
    t.ne[0] = a; t.ne[1] = b; t.ne[2] = c; t.ne[3] = d;
    t.nb[0] = unit; t.nb[1] = unit * (a / block); t.nb[2] = t.nb[1] * b; t.nb[3] = t.nb[2] * c;
    t.data = const_cast<void *>(data);
    return t;
}
static Tensor swapped(Tensor t) { // the second and third dimension
    const int64_t n = t.ne[1], b = t.nb[1];
    t.ne[1] = t.ne[2]; t.nb[1] = t.nb[2];
    t.ne[2] = n; t.nb[2] = b;
    return t;
}
static Tensor cached(int64_t type, int64_t size, int64_t heads, int64_t cells, int64_t streams, const void * data) {
    return shaped(type, type == F32 ? 4 : type == Q8_0 ? 34 : 2, type == Q8_0 ? 32 : 1, size, heads, cells, streams, data);
}
/** The first `keys` cells of streams `first` to `first + streams - 1` of a cache. */
static Tensor viewed(Tensor & cache, int64_t keys, int64_t first, int64_t streams) {
    Tensor t = swapped(cache);
    t.ne[1] = keys;
    t.ne[3] = streams;
    t.data = (char *) t.data + first * t.nb[3];
    t.view_src = &cache;
    return t;
}

} // namespace ouroboros

/**
 * out[stream][token][head][value size] from queries[stream][token][head][key size], keys[stream][cell][shared head][key size], values alike, and
 * mask[mask streams][mask heads][token][visible cells] in half precision, or null.
 * shape: type of keys, type of values, key size, value size, tokens, heads, shared heads, visible cells, cells, streams of the cache, first stream,
 * streams, mask heads, mask streams, threads. factors: scale, maximum bias, soft cap. sinks: one per head, or null.
 * writes: the cells that each pass so far wrote, the last of them in this pass: a count, the cells (numbered through all streams), a count, ...; a
 * count of 0 ends them. Null: the keys are no cache. Returns 0; -1: not taken; -2: left to the stock kernel.
 */
EXPORT int32_t ouroboros_test_attention(const int64_t * shape, const float * factors, const float * queries, const void * keys, const void * values,
                                        const void * mask, const float * sinks, const int64_t * writes, float * out) {
    using namespace ouroboros;
    forget_cells();
    const int64_t * s = shape;
    Tensor cache = cached(s[0], s[2], s[6], s[8], s[9], keys), other = cached(s[1], s[3], s[6], s[8], s[9], values);
    Tensor k = viewed(cache, s[7], s[10], s[11]), v = viewed(other, s[7], s[10], s[11]);
    Tensor q = swapped(shaped(F32, 4, 1, s[2], s[5], s[4], s[11], queries)), m = shaped(F16, 2, 1, s[7], s[4], s[12], s[13], mask);
    Tensor sink = shaped(F32, 4, 1, s[5], 1, 1, 1, sinks), op = shaped(F32, 4, 1, s[3], s[5], s[4], s[11], out);
    op.op = FLASH_ATTN_EXT;
    op.src[0] = &q; op.src[1] = &k; op.src[2] = &v; op.src[3] = mask ? &m : nullptr; op.src[4] = sinks ? &sink : nullptr;
    memcpy(op.op_params, factors, 3 * sizeof(float));
    Traits * traits = attention_traits(&op);
    if (!traits) return -1;

    size_t bytes = 0;
    for (const int64_t * w = writes; w && *w; w += *w + 1) {
        Tensor index = shaped(I64, 8, 1, *w, 1, 1, 1, w + 1), written = shaped(s[0], 1, 1, 0, 0, 1, 1, keys);
        written.ne[0] = s[2] * s[6];
        written.ne[1] = s[8] * s[9];
        written.nb[1] = cache.nb[2];
        written.op = SET_ROWS;
        written.src[1] = &index;
        written.view_src = &cache;
        Traits * notes = attention_traits(&written);
        notes->table->work_size(notes, 1, &written, bytes);
        Params alone = { 0, 1, 0, nullptr, nullptr, false };
        if (w[*w + 1]) notes->table->compute(notes, &alone, &written);
    }
    const int threads = (int) s[14];
    const bool planned = traits->table->work_size(traits, threads, &op, bytes);
    char * scratch = (char *) malloc(bytes + 1);
    AttentionThread * all = (AttentionThread *) calloc(threads, sizeof(AttentionThread));
    bool done = planned;
    for (int i = 1; i < threads; i++) {
        all[i] = { {}, { i, threads, bytes, scratch, nullptr, false }, &op, false };
        pthread_create(&all[i].id, nullptr, attend, &all[i]);
    }
    all[0] = { {}, { 0, threads, bytes, scratch, nullptr, false }, &op, false };
    attend(&all[0]);
    for (int i = 0; i < threads; i++) {
        if (i) pthread_join(all[i].id, nullptr);
        done &= all[i].done;
    }
    free(all);
    free(scratch);
    return done ? 0 : -2;
}

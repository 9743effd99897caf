// Products with weights in panels, without llama.cpp: what the unit tests call.
#include "matmul.h"
#include <pthread.h>
#include <stdlib.h>

namespace ouroboros {

/** Stands in for ggml's. */
static void wait(void * barrier) { pthread_barrier_wait((pthread_barrier_t *) barrier); }
static Buffer * buffer_init(BufferType * type, BufferFunctions functions, void * context, size_t size) {
    Buffer * b = (Buffer *) calloc(1, sizeof(Buffer));
    *b = { functions, type, context, size, 0 };
    return b;
}

struct Thread {
    Params params;
    Tensor * op;
};
static void * run(void * thread) {
    Thread & t = *(Thread *) thread;
    matmul.table->compute(&matmul, &t.params, t.op);
    return nullptr;
}

/** All threads of one product. */
static void run_all(Tensor * op, int32_t threads) {
    size_t size = 0;
    matmul.table->work_size(&matmul, threads, op, size);
    void * scratch = malloc(size);
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, threads);
    pthread_t * ids = (pthread_t *) malloc(threads * sizeof *ids);
    Thread * all = (Thread *) malloc(threads * sizeof *all);
    for (int i = 0; i < threads; i++) {
        all[i] = { { i, threads, size, scratch, &barrier, false }, op };
        pthread_create(&ids[i], nullptr, run, &all[i]);
    }
    for (int i = 0; i < threads; i++) pthread_join(ids[i], nullptr);
    pthread_barrier_destroy(&barrier);
    free(all);
    free(ids);
    free(scratch);
}

static Tensor tensor(Type type, size_t size, int64_t a, int64_t b, int64_t c, void * data) {
    Tensor t = {};
    t.type = type;
    t.ne[0] = a; t.ne[1] = b; t.ne[2] = c; t.ne[3] = 1;
    t.nb[0] = size; t.nb[1] = size * a; t.nb[2] = t.nb[1] * b; t.nb[3] = t.nb[2] * c;
    t.data = data;
    return t;
}

} // namespace ouroboros

/**
 * out[n][columns][rows] = activations[n][columns][k] by weights[rows][k]; with `ids`, of n tokens by `used` experts each: out[n][used][rows],
 * columns 1 or `used`. Weights in ggml's layout of `type`, `row_bytes` a row, handed over in `parts`. Returns 0, -1 where these weights have no kernel,
 * or -2 where the way in which weights are asked for, or who quantizes what, changes a bit.
 */
EXPORT int32_t ouroboros_test_matmul(int32_t type, int64_t rows, int64_t k, int64_t row_bytes, int64_t experts, void * weights, int64_t parts, int64_t n,
                                     int64_t columns, float * activations, int64_t used, int32_t * ids, int32_t threads, float * out) {
    using namespace ouroboros;
    const Backend before = backend;
    if (!backend.barrier) init_buffer_type(nullptr, nullptr);
    backend = { wait, buffer_init };
    Tensor w = tensor((Type) type, 1, k, rows, experts, nullptr);
    w.nb[1] = row_bytes; w.nb[2] = row_bytes * rows; w.nb[3] = w.nb[2] * experts;
    if (!kind_of(&w)) {
        backend = before;
        return -1;
    }
    Buffer * buffer = buffer_type.alloc_buffer(&buffer_type, buffer_type.get_alloc_size(&buffer_type, &w));
    w.buffer = buffer;
    w.data = buffer->functions.get_base(buffer);
    buffer->functions.init_tensor(buffer, &w);
    for (int64_t i = 0; i < parts; i++) {
        const size_t from = w.nb[3] * i / parts, to = w.nb[3] * (i + 1) / parts;
        buffer->functions.set_tensor(buffer, &w, (char *) weights + from, from, to - from);
    }
    Tensor x = tensor(F32, 4, k, columns, n, activations), chosen = tensor(I32, 4, used, n, 1, ids), op = tensor(F32, 4, rows, ids ? used : columns, n, out);
    op.op = ids ? MUL_MAT_ID : MUL_MAT;
    op.src[0] = &w; op.src[1] = &x; op.src[2] = ids ? &chosen : nullptr;
    const size_t bytes = sizeof(float) * rows * n * (ids ? used : columns);
    void * other = malloc(bytes);
    like_amd = !like_amd;
    x.op = GLU; // quantized by other threads
    run_all(&op, threads);
    memcpy(other, out, bytes);
    like_amd = !like_amd;
    x.op = 0;
    run_all(&op, threads);
    const bool same = memcmp(other, out, bytes) == 0;
    free(other);
    buffer->functions.free_buffer(buffer);
    free(buffer);
    backend = before;
    return same ? 0 : -2;
}

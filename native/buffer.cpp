// Memory: for weights in panels, and in huge pages. ggml hands over each tensor once, in its own layout; all cores lay it out anew.
#include "matmul.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ouroboros {

enum { HUGE_PAGE = 2 << 20, MOST_THREADS = 64 };

BufferType buffer_type;

static const char * name(BufferType *) { return "CPU_OUROBOROS"; }
static size_t alignment(BufferType *) { return 64; }
static size_t alloc_size(BufferType *, const Tensor * t) { return kind_of(t) ? packed_bytes(t) : 0; }

/** Panels are split evenly. */
struct Repacking {
    const Tensor * tensor;
    const uint8_t * source;
    int64_t from, to;
};
static void * repack(void * job) {
    const Repacking & r = *(const Repacking *) job;
    const Tensor * t = r.tensor;
    const Kind & kind = *kind_of(t);
    const size_t bytes = kind.panel(t->ne[0]);
    const int64_t panels = panels_of(t);
    for (int64_t i = r.from; i < r.to; i++) {
        const int64_t expert = i / panels, row = i % panels * ROWS, left = t->ne[1] - row;
        uint8_t * panel = (uint8_t *) t->data + i * bytes;
        memset(panel, 0, bytes);
        kind.repack(r.source + expert * t->nb[2] + row * t->nb[1], t->nb[1], t->ne[0], left < (int64_t) ROWS ? (int) left : (int) ROWS, panel);
    }
    return nullptr;
}

static int cores() {
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n;
}

/** Whether the loader on this thread hands over pages of a mapped file. */
static thread_local bool from_mapping;
EXPORT void ouroboros_loading_mapped(int32_t on) { from_mapping = on != 0; }

/** Weights are not held twice: a mapped file's pages are given back, and come again if anybody reads them. */
static void release(const void * data, size_t size) {
    const uintptr_t page = sysconf(_SC_PAGESIZE), from = ((uintptr_t) data + page - 1) / page * page, to = ((uintptr_t) data + size) / page * page;
    if (from < to) madvise((void *) from, to - from, MADV_DONTNEED);
}

static void repack_all(const Tensor * t, const void * data) {
    const int64_t panels = panels_of(t) * t->ne[2];
    const int threads = t->nb[2] * t->ne[2] < (1 << 20) ? 1 : cores();
    Repacking jobs[MOST_THREADS];
    pthread_t others[MOST_THREADS];
    bool started[MOST_THREADS];
    for (int i = 0; i < threads; i++) {
        jobs[i] = { t, (const uint8_t *) data, panels * i / threads, panels * (i + 1) / threads };
        started[i] = i > 0 && pthread_create(&others[i], nullptr, repack, &jobs[i]) == 0;
    }
    for (int i = 0; i < threads; i++)
        if (!started[i]) repack(&jobs[i]);
    for (int i = 0; i < threads; i++)
        if (started[i]) pthread_join(others[i], nullptr);
}

/** A tensor that arrives in parts is collected first. */
struct Parts {
    size_t arrived;
    uint8_t data[];
};

static void set_tensor(Buffer *, Tensor * t, const void * data, size_t offset, size_t size) {
    const size_t whole = t->nb[2] * t->ne[2];
    if (size == whole) {
        repack_all(t, data);
        if (from_mapping) release(data, size);
        return;
    }
    Parts * parts = (Parts *) t->extra;
    if (!parts) {
        parts = (Parts *) calloc(1, sizeof(Parts) + whole);
        if (!parts) return;
        t->extra = parts;
    }
    memcpy(parts->data + offset, data, size);
    parts->arrived += size;
    if (parts->arrived < whole) return;
    repack_all(t, parts->data);
    free(parts);
    t->extra = nullptr;
}

/**
 * Takes the place of the backend's: caches and activations lie in huge pages as weights do. In small ones nearly every row of a long cache costs
 * a look-up of its page. The backend frees it with `free`.
 */
EXPORT void * ggml_aligned_malloc(size_t size) {
    const bool large = size >= 2 * HUGE_PAGE;
    void * memory = nullptr;
    if (size == 0 || posix_memalign(&memory, large ? HUGE_PAGE : 64, size) != 0) return nullptr;
    if (large) madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static void * base(Buffer * b) { return b->context; }
static void free_buffer(Buffer * b) { free(b->context); }
static int init_tensor(Buffer *, Tensor * t) {
    t->extra = nullptr;
    return 0;
}
static void clear(Buffer *, uint8_t) {}

static Buffer * alloc_buffer(BufferType * type, size_t size) {
    void * memory = ggml_aligned_malloc(size);
    if (!memory) return nullptr;
    BufferFunctions functions = {};
    functions.free_buffer = free_buffer;
    functions.get_base = base;
    functions.init_tensor = init_tensor;
    functions.set_tensor = set_tensor;
    functions.clear = clear;
    return backend.buffer_init(type, functions, memory, size);
}

void init_buffer_type(void * device, void * extra) {
    buffer_type = { name, alloc_buffer, alignment, nullptr, alloc_size, nullptr, device, extra };
}

} // namespace ouroboros

// Runs the kernels on data that is the same on every computer and prints a hash of each result: one line per case.
// The lines of all instruction sets, architectures and compilers must be the same; with sanitizers, nothing may be reported.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern "C" {
int32_t ouroboros_test_matmul(int32_t type, int64_t rows, int64_t k, int64_t row_bytes, int64_t experts, void * weights, int64_t parts, int64_t n,
                              int64_t columns, float * activations, int64_t used, int32_t * ids, int32_t threads, float * out);
int32_t ouroboros_test_attention(const int64_t * shape, const float * factors, const float * queries, const void * keys, const void * values,
                                 const void * mask, const float * sinks, const int64_t * writes, float * out);
int32_t ouroboros_test_elements(int32_t op, int32_t kind, int64_t k, int64_t rows, float * first, float * second, int64_t second_rows,
                                int32_t swapped, int32_t threads, float * out);
int32_t ouroboros_test_barrier(int32_t threads, int32_t rounds, int32_t pause);
int32_t ouroboros_rows_argmax(const float * row, int32_t size);
int32_t ouroboros_rows_near(const float * row, int32_t size, double bound, int32_t * tokens, float * logits, int32_t capacity);
int32_t ouroboros_rows_top(const float * row, int32_t size, int32_t k, int32_t * heap);
void ouroboros_rows_sums(const float * row, int32_t size, double most, double bound, double temperature, double * sums);
}

static uint64_t state = 1;
static uint32_t bits() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (state >> 33);
}
static float number() { return (float) ((int32_t) (bits() % 2097152) - 1048576) / 524288.0f; }

/** Memory of exactly this size, so that sanitizers see every step beyond it. */
template <class T> static T * fresh(int64_t count) { return (T *) malloc(count * sizeof(T)); }
static float * numbers(int64_t count) {
    float * x = fresh<float>(count);
    for (int64_t i = 0; i < count; i++) x[i] = number();
    return x;
}
/** Blocks of random bytes; halves at the given places are ordinary numbers, at times 0 or subnormal. */
static uint8_t * blocks(int64_t count, int bytes, int first, int second) {
    uint8_t * x = fresh<uint8_t>(count * bytes);
    for (int64_t i = 0; i < count * bytes; i++) x[i] = (uint8_t) bits();
    const int places[] = { first, second };
    for (int64_t i = 0; i < count; i++)
        for (int place : places) {
            if (place < 0) continue;
            // One after the other: compilers choose the order of operands.
            const uint32_t fraction = bits() & 0x83ff, exponent = bits() % 8 ? 6 + bits() % 8 : 0;
            const uint16_t half = (uint16_t) (fraction | exponent << 10);
            memcpy(x + i * bytes + place, &half, 2);
        }
    return x;
}
static uint8_t * wide_floats(int64_t count, int bytes) {
    uint8_t * x = fresh<uint8_t>(count * bytes);
    for (int64_t i = 0; i < count; i++) {
        const float value = number();
        memcpy(x + i * bytes, (const uint8_t *) &value + 4 - bytes, bytes); // BF16: the high half
    }
    return x;
}

static void print(const char * name, int64_t a, int64_t b, int64_t c, const void * out, int64_t bytes) {
    uint64_t hash = 14695981039346656037u;
    for (int64_t i = 0; i < bytes; i++) hash = (hash ^ ((const uint8_t *) out)[i]) * 1099511628211u;
    printf("%s %lld %lld %lld: %016llx\n", name, (long long) a, (long long) b, (long long) c, (unsigned long long) hash);
}

static void fail(const char * what) {
    printf("%s failed\n", what);
    exit(1);
}

struct Weights {
    const char * name;
    int32_t type, unit, bytes, first, second;
};
static const Weights WEIGHTS[] = {
    { "Q4_0", 2, 32, 18, 0, -1 },      { "Q4_1", 3, 32, 20, 0, 2 },       { "Q8_0", 8, 32, 34, 0, -1 },      { "IQ4_NL", 20, 32, 18, 0, -1 },
    { "Q4_K", 12, 256, 144, 0, 2 },    { "Q5_K", 13, 256, 176, 0, 2 },    { "Q6_K", 14, 256, 210, 208, -1 }, { "IQ4_XS", 23, 256, 136, 0, -1 },
    { "F16", 1, 1, 2, 0, -1 },         { "BF16", 30, 1, 2, -1, -1 },      { "F32", 0, 1, 4, -1, -1 },
};

static void product(const Weights & w, int64_t rows, int64_t k, int64_t experts, int64_t n, int64_t used, int threads) {
    const int64_t count = experts * rows * k / w.unit;
    uint8_t * weights = w.unit == 1 && w.type != 1 ? wide_floats(count, w.bytes) : blocks(count, w.bytes, w.first, w.second);
    float * x = numbers(n * k), * out = fresh<float>(n * used * rows);
    for (int64_t i = 0; i < k; i++) x[i] *= i % 40 == 7 ? 1e20f : i / 32 % 2 ? 1e-33f : 1;
    int32_t * ids = experts > 1 ? fresh<int32_t>(n * used) : nullptr;
    for (int64_t i = 0; ids && i < n * used; i++) ids[i] = (int32_t) ((i / used + i % used * (1 + i / used % 2)) % (experts - 1));
    if (ouroboros_test_matmul(w.type, rows, k, k / w.unit * w.bytes, experts, weights, 1 + n % 3, n, 1, x, used, ids, threads, out)) fail(w.name);
    print(w.name, rows, k, n, out, n * used * rows * 4);
    free(weights);
    free(x);
    free(out);
    free(ids);
}

struct Cached {
    int type, unit, bytes, first;
};
static const Cached CACHED[] = { { 1, 1, 2, 0 }, { 30, 1, 2, -1 }, { 8, 32, 34, 0 }, { 0, 1, 4, -1 } };
static uint8_t * cache(const Cached & c, int64_t count) {
    return c.unit == 1 && c.type != 1 ? wide_floats(count, c.bytes) : blocks(count / c.unit, c.bytes, c.first, -1);
}

static void attention(const Cached & k, const Cached & v, int64_t size, int64_t value_size, int64_t tokens, int64_t heads, int64_t shared, int64_t cells,
                      int threads) {
    float * q = numbers(tokens * heads * size), * sinks = numbers(heads), * out = fresh<float>(tokens * heads * value_size);
    uint8_t * keys = cache(k, cells * shared * size), * values = cache(v, cells * shared * value_size);
    uint16_t * mask = fresh<uint16_t>(tokens * cells);
    for (int64_t i = 0; i < tokens * cells; i++) mask[i] = bits() % 5 ? 0 : 0xfc00;
    int64_t * writes = fresh<int64_t>(cells + 4); // half of the cells, then all in another order, of which the last are this pass's
    int64_t n = 0;
    writes[n++] = cells - tokens;
    for (int64_t i = 0; i < cells - tokens; i++) writes[n++] = (i * 7 + 3) % cells;
    writes[n++] = tokens;
    for (int64_t i = cells - tokens; i < cells; i++) writes[n++] = (i * 7 + 3) % cells;
    writes[n++] = 0;
    const int64_t shape[] = { k.type, v.type, size, value_size, tokens, heads, shared, cells, cells, 1, 0, 1, 1, 1, threads };
    const float factors[] = { 0.125f, 0, 0 };
    if (ouroboros_test_attention(shape, factors, q, keys, values, mask, tokens % 2 ? sinks : nullptr, tokens % 3 ? writes : nullptr, out)) fail("attention");
    print("attention", k.type, v.type, tokens, out, tokens * heads * value_size * 4);
    free(q);
    free(sinks);
    free(out);
    free(keys);
    free(values);
    free(mask);
    free(writes);
}

static void elements(int64_t k, int64_t rows, int32_t threads) {
    float * a = numbers(2 * k * rows), * b = numbers(k), * out = fresh<float>(k * rows);
    for (int64_t i = 0; i < k * rows; i++) a[i] *= i % 7 ? 5 : 200;
    if (ouroboros_test_elements(2, 0, k, rows, a, b, 1, 0, threads, out)) fail("add");
    print("add", k, rows, threads, out, k * rows * 4);
    if (ouroboros_test_elements(100, 2, k, rows, a, nullptr, 0, threads % 2, threads, out)) fail("swiglu");
    print("swiglu", k, rows, threads, out, k * rows * 4);
    free(a);
    free(b);
    free(out);
}

static void row(int32_t size) {
    float * x = numbers(size), * logits = fresh<float>(size / 2 + 1);
    const int32_t best = ouroboros_rows_argmax(x, size), capacity = size / 2 + 1, k = size < 20 ? size : 20;
    int32_t * tokens = fresh<int32_t>(capacity), * heap = fresh<int32_t>(k);
    const int32_t near = ouroboros_rows_near(x, size, x[best] - 0.5, tokens, logits, capacity), top = ouroboros_rows_top(x, size, k, heap);
    double * sums = fresh<double>((size + 127) / 128);
    ouroboros_rows_sums(x, size, x[best], x[best] - 3, 0.7, sums);
    print("near", size, best, near, logits, (near < capacity ? near : capacity) * 4);
    print("top", size, k, top, heap, top * 4);
    print("sums", size, best, 0, sums, (size + 127) / 128 * 8);
    free(x);
    free(logits);
    free(tokens);
    free(heap);
    free(sums);
}

int main() {
    for (const Weights & w : WEIGHTS) {
        const int64_t step = w.unit == 1 ? 33 : w.unit;
        product(w, 1, w.unit, 1, 1, 1, 1);
        product(w, 7, step, 1, 3, 1, 2);
        product(w, 17, 3 * step, 1, 8, 1, 1);
        product(w, 40, 5 * step, 1, 13, 1, 3);
        product(w, 100, 2 * step, 1, 67, 1, 4);
        product(w, 19, step, 5, 70, 2, 2);
    }
    for (const Cached & k : CACHED)
        for (const Cached & v : CACHED) {
            attention(k, v, 64, 64, 1, 6, 2, 40, 1);
            attention(k, v, 96, 128, 5, 7, 1, 70, 2);
            attention(k, v, 128, 96, 12, 4, 4, 33, 3);
        }
    elements(1, 1, 1);
    elements(33, 5, 2);
    elements(200, 8, 3);
    const int32_t sizes[] = { 1, 15, 128, 1000, 5003 };
    for (int32_t size : sizes) row(size);
    if (ouroboros_test_barrier(3, 200, 1000)) fail("barrier");
    return 0;
}

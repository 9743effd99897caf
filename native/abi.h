// The part of ggml's binary interface that the kernels touch: llama.cpp v0.4.0 and v0.5.0, prebuilt with Clang or GCC (Itanium C++ ABI).
// No header of llama.cpp is needed. `registration.cpp` checks the running library before anything here is believed.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT extern "C" __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define METHOD inline __attribute__((always_inline))

namespace ouroboros {

enum Type : int32_t {
    F32 = 0, F16 = 1, Q4_0 = 2, Q4_1 = 3, Q8_0 = 8, Q4_K = 12, Q5_K = 13, Q6_K = 14, IQ4_NL = 20, IQ4_XS = 23, I32 = 26, I64 = 27, BF16 = 30,
};
enum Op : int32_t { ADD = 2, MUL_MAT = 29, MUL_MAT_ID = 30, SET_ROWS = 42, FLASH_ATTN_EXT = 74, GLU = 100 };
enum { SWIGLU = 2 }; // ggml_glu_op, the first parameter of GLU

struct Buffer;

/** ggml_tensor. */
struct Tensor {
    int32_t type;
    Buffer * buffer;
    int64_t ne[4]; // elements per dimension
    size_t nb[4];  // bytes from one to the next
    int32_t op;
    int32_t op_params[16];
    int32_t flags;
    Tensor * src[10];
    Tensor * view_src;
    size_t view_offs;
    void * data;
    char name[64];
    void * extra;
    char padding[8];
};

/** ggml_backend_buffer_type. */
struct BufferType {
    const char * (*get_name)(BufferType *);
    Buffer * (*alloc_buffer)(BufferType *, size_t);
    size_t (*get_alignment)(BufferType *);
    size_t (*get_max_size)(BufferType *);
    size_t (*get_alloc_size)(BufferType *, const Tensor *);
    bool (*is_host)(BufferType *);
    void * device;
    void * context;
};

/** ggml_backend_buffer_i. */
struct BufferFunctions {
    void (*free_buffer)(Buffer *);
    void * (*get_base)(Buffer *);
    int (*init_tensor)(Buffer *, Tensor *);
    void (*memset_tensor)(Buffer *, Tensor *, uint8_t, size_t, size_t);
    void (*set_tensor)(Buffer *, Tensor *, const void *, size_t, size_t);
    void (*get_tensor)(Buffer *, const Tensor *, void *, size_t, size_t);
    void * rest[3];
    void (*clear)(Buffer *, uint8_t);
    void * reset;
};

/** ggml_backend_buffer. */
struct Buffer {
    BufferFunctions functions;
    BufferType * type;
    void * context;
    size_t size;
    int usage;
};

/** ggml_compute_params: thread `ith` of `nth`, and the scratch memory that all of them share. */
struct Params {
    int ith, nth;
    size_t wsize;
    void * wdata;
    void * threadpool;
    bool use_ref;
};

static_assert(sizeof(Tensor) == 336 && sizeof(BufferType) == 64 && sizeof(BufferFunctions) == 88 && sizeof(Buffer) == 120, "layout of v0.4.0");
static_assert(offsetof(Tensor, op) == 80 && offsetof(Tensor, src) == 152 && offsetof(Tensor, data) == 248, "layout of v0.4.0");

// Objects with virtual functions as the Itanium C++ ABI lays them out: two slots for destructors, then the functions in order.

/** ggml::cpu::tensor_traits: how an operation is computed. */
struct Traits;
struct TraitsTable {
    void (*complete_destructor)(Traits *);
    void (*deleting_destructor)(Traits *);
    /** Called once per operation and pass, on the thread that calls llama_decode, in the graph's order, before any `compute`. False: not ours. */
    bool (*work_size)(Traits *, int threads, const Tensor * op, size_t & bytes);
    /** Called by every thread. False: the stock kernel computes it. */
    bool (*compute)(Traits *, Params *, Tensor * op);
};
struct Traits {
    const TraitsTable * table;
};

/** ggml::cpu::extra_buffer_type: asked for the traits of every operation. */
struct Extra;
struct ExtraTable {
    void (*complete_destructor)(Extra *);
    void (*deleting_destructor)(Extra *);
    bool (*supports_op)(Extra *, void * device, const Tensor * op);
    Traits * (*get_traits)(Extra *, const Tensor * op);
};
struct Extra {
    const ExtraTable * table;
};

inline void nothing(Traits *) {}

/** Functions of the running backend, found by `ouroboros_register`; stand-ins in unit tests. */
struct Backend {
    void (*barrier)(void * threadpool);
    Buffer * (*buffer_init)(BufferType *, BufferFunctions, void * context, size_t size);
};
extern Backend backend;

/** Traits of an operation, or null: one function per kernel file, asked in turn by `registration.cpp`. */
Traits * matmul_traits(const Tensor * op);
Traits * attention_traits(const Tensor * op);
Traits * elementwise_traits(const Tensor * op);
/** Whether the calling thread has asked for stock kernels. */
bool stock_wanted();

INLINE float float_at(const void * p) {
    float value;
    memcpy(&value, p, 4);
    return value;
}

INLINE char * aligned(void * p) {
    return (char *) (((uintptr_t) p + 63) / 64 * 64);
}

} // namespace ouroboros

// Puts the kernels into the running CPU backend, as the first of its "extra buffer types": ggml then offers them every operation.
#include "matmul.h"
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>

extern "C" void ggml_barrier(void * threadpool); // of barrier.cpp

namespace ouroboros {

static bool supports_op(Extra *, void *, const Tensor * op) {
    const Tensor * w = op->src[0], * b = op->src[1];
    if ((op->op != MUL_MAT && op->op != MUL_MAT_ID) || !w->buffer || w->buffer->type != &buffer_type) return false;
    if (!w->data && stock_wanted()) return false; // the loader asks where weights may lie
    if (!kind_of(w) || (op->op == MUL_MAT && w->ne[2] != 1) || b->type != F32 || b->nb[0] != sizeof(float)) return false;
    if (op->op == MUL_MAT_ID && (!op->src[2] || op->src[2]->type != I32)) return false;
    return !b->buffer || (b->buffer->type->is_host && b->buffer->type->is_host(b->buffer->type));
}

static Traits * get_traits(Extra *, const Tensor * op) {
    Traits * traits = matmul_traits(op);
    if (!traits) traits = attention_traits(op);
    return traits ? traits : elementwise_traits(op);
}

static void never(Extra *) {}
static const ExtraTable TABLE = { never, never, supports_op, get_traits };
static Extra extra = { &TABLE };

static int is_backend(struct dl_phdr_info * info, size_t, void * out) {
    const char * file = info->dlpi_name ? strrchr(info->dlpi_name, '/') : nullptr;
    if (!file || strncmp(file, "/libggml-cpu", 12) != 0) return 0;
    *(const char **) out = info->dlpi_name;
    return 1;
}

template <class Function> static bool find(void * library, const char * name, Function & function) {
    void * symbol = dlsym(library, name); // looks into the libraries that this one needs as well
    memcpy(&function, &symbol, sizeof symbol);
    return symbol != nullptr;
}

/** Whether tensors of the running library look as abi.h says. */
static bool layout_holds(void * library) {
    struct InitParams { size_t size; void * memory; bool no_alloc; };
    void * (*init)(InitParams);
    void (*release)(void *);
    Tensor * (*tensor)(void *, int, int64_t, int64_t, int64_t);
    Tensor * (*mul_mat)(void *, Tensor *, Tensor *);
    Tensor * (*mul_mat_id)(void *, Tensor *, Tensor *, Tensor *);
    Tensor * (*set_rows)(void *, Tensor *, Tensor *, Tensor *);
    Tensor * (*sum)(void *, Tensor *, Tensor *);
    Tensor * (*swiglu)(void *, Tensor *, Tensor *);
    Tensor * (*attention)(void *, Tensor *, Tensor *, Tensor *, Tensor *, float, float, float);
    if (!find(library, "ggml_init", init) || !find(library, "ggml_free", release) || !find(library, "ggml_new_tensor_3d", tensor) ||
        !find(library, "ggml_mul_mat", mul_mat) || !find(library, "ggml_mul_mat_id", mul_mat_id) || !find(library, "ggml_set_rows", set_rows) ||
        !find(library, "ggml_add", sum) || !find(library, "ggml_swiglu_split", swiglu) || !find(library, "ggml_flash_attn_ext", attention))
        return false;
    void * context = init({ 1 << 16, nullptr, true });
    if (!context) return false;
    Tensor * a = tensor(context, F16, 64, 32, 4), * b = tensor(context, F32, 64, 2, 3), * ids = tensor(context, I32, 2, 3, 1);
    Tensor * w = tensor(context, F16, 64, 32, 1), * x = tensor(context, F32, 64, 5, 1), * index = tensor(context, I64, 5, 1, 1);
    Tensor * q = tensor(context, F32, 64, 8, 4), * mask = tensor(context, F16, 32, 64, 1);
    const Tensor * product = mul_mat(context, w, x), * experts = mul_mat_id(context, a, b, ids), * rows = set_rows(context, w, x, index);
    const Tensor * added = sum(context, x, x), * gated = swiglu(context, x, x);
    const Tensor * attended = attention(context, q, a, a, mask, 0.5f, 0.0f, 0.0f);
    const bool holds = a->type == F16 && a->ne[0] == 64 && a->ne[1] == 32 && a->ne[2] == 4 && a->nb[0] == 2 && a->nb[1] == 128 && a->nb[2] == 4096 &&
        !a->buffer && !a->data && product->op == MUL_MAT && product->src[0] == w && product->src[1] == x && product->ne[0] == 32 &&
        experts->op == MUL_MAT_ID && experts->src[2] == ids && rows->op == SET_ROWS && rows->src[0] == x && rows->src[1] == index &&
        added->op == ADD && added->src[1] == x && gated->op == GLU && gated->op_params[0] == SWIGLU && gated->src[1] == x &&
        attended->op == FLASH_ATTN_EXT && attended->src[3] == mask && float_at(attended->op_params) == 0.5f;
    release(context);
    return holds;
}

static const char * put_in() {
    const char * file = nullptr;
    dl_iterate_phdr(is_backend, &file);
    void * library = file ? dlopen(file, RTLD_NOW | RTLD_NOLOAD) : nullptr;
    if (!library) return "no CPU backend is loaded";
    struct Vector { BufferType ** begin, ** end, ** capacity; }; // std::vector
    Vector & (*types)();
    BufferType * (*cpu_type)();
    if (!find(library, "_Z39ggml_backend_cpu_get_extra_buffer_typesv", types) || !find(library, "ggml_backend_cpu_buffer_type", cpu_type) ||
        !find(library, "ggml_backend_buffer_init", backend.buffer_init))
        return "the CPU backend lacks a function";
    if (strcmp(cpu_type()->get_name(cpu_type()), "CPU") != 0 || !layout_holds(library)) return "the CPU backend has another layout";
    backend.barrier = ggml_barrier;
    init_buffer_type(cpu_type()->device, &extra);
    Vector & list = types();
    const size_t had = list.end - list.begin;
    BufferType ** longer = (BufferType **) malloc((had + 1) * sizeof *longer);
    if (!longer) return "no memory";
    longer[0] = &buffer_type;
    memcpy(longer + 1, list.begin, had * sizeof *longer);
    free(list.begin); // operator new is malloc in every C++ library that ggml is built with
    list = { longer, longer + had + 1, longer + had + 1 };
    return nullptr;
}

} // namespace ouroboros

EXPORT const char * ouroboros_kernels_version() { return "1 " OUROBOROS_ISA; }

static const char * failure;

/** After the backends are loaded and before the first model is. Null: the kernels are in; else why not. */
EXPORT const char * ouroboros_register() {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, [] { failure = ouroboros::put_in(); });
    return failure;
}

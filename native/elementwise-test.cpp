// Operations on elements, without llama.cpp: what the unit tests call.
#include "abi.h"

/**
 * `op`: ADD, or GLU of the given kind (SwiGLU: 2). Rows of k floats; `second_rows`: of the second operand, which repeats; 0: both operands stand in one
 * row of 2 k, the other way round if `swapped`. Returns 0, or -1 where such an operation has no kernel.
 */
EXPORT int32_t ouroboros_test_elements(int32_t op, int32_t kind, int64_t k, int64_t rows, float * first, float * second, int64_t second_rows,
                                       int32_t swapped, int32_t threads, float * out) {
    using namespace ouroboros;
    const auto tensor = [](int64_t size, int64_t count, float * data) {
        Tensor t = {};
        t.type = F32;
        t.ne[0] = size; t.ne[1] = count; t.ne[2] = t.ne[3] = 1;
        t.nb[0] = sizeof(float); t.nb[1] = t.nb[0] * size; t.nb[2] = t.nb[3] = t.nb[1] * count;
        t.data = data;
        return t;
    };
    Tensor a = tensor(second_rows ? k : 2 * k, rows, first), b = tensor(k, second_rows, second), result = tensor(k, rows, out);
    result.op = op;
    result.op_params[0] = kind;
    result.op_params[1] = swapped;
    result.src[0] = &a;
    result.src[1] = second_rows ? &b : nullptr;
    Traits * traits = elementwise_traits(&result);
    if (!traits) return -1;
    for (int i = 0; i < threads; i++) {
        Params params = { i, threads, 0, nullptr, nullptr, false };
        traits->table->compute(traits, &params, &result);
    }
    return 0;
}

// Looks at rows of logits in place: the largest value, what is near it, the k largest, and sums of exponentials.
// Values are only compared, so their answers are those of `src/core/logits-math.ts` to the bit; NaN is never large. Sums are near to 1e-11.
#include "abi.h"
#include <math.h>

namespace ouroboros {

static const int BLOCK = 128;

/** The largest of row[0..size) and `most`. */
static float largest(const float * row, int size, float most) {
    float lanes[32];
    for (float & lane : lanes) lane = most;
    int i = 0;
    for (; i + 32 <= size; i += 32)
        for (int j = 0; j < 32; j++) lanes[j] = row[i + j] > lanes[j] ? row[i + j] : lanes[j];
    for (; i < size; i++) lanes[0] = row[i] > lanes[0] ? row[i] : lanes[0];
    for (float lane : lanes) most = lane > most ? lane : most;
    return most;
}

static bool any_at_least(const float * row, int size, float bound) {
    int found = 0;
    for (int i = 0; i < size; i++) found |= row[i] >= bound;
    return found;
}

// Eight lanes, as GCC and Clang know them.
typedef float Floats __attribute__((vector_size(32), aligned(4)));
typedef double Doubles __attribute__((vector_size(64)));
typedef int64_t Longs __attribute__((vector_size(64)));

/** lanes += e^((value - most) * scale), within 1e-14 of it, where `value` is at least `bound`. */
INLINE void add_weights(Doubles & lanes, const Floats & values, float bound, double most, double scale) {
    const Doubles all = (__builtin_convertvector(values, Doubles) - most) * scale;
    const Longs inside = (Longs) (all > -700);
    const Doubles x = (Doubles) (((Longs) all & inside) | ((Longs) (Doubles {} - 700) & ~inside));
    const double magic = 6755399441055744.0; // 1.5 * 2^52: a number added to it lands in its low bits, rounded
    const Doubles shifted = x * 1.4426950408889634 + magic, n = shifted - magic;
    const Doubles r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    Doubles p = r * (1.0 / 479001600) + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const Longs power = (Longs) p + ((Longs) shifted << 52);
    lanes += (Doubles) (power & __builtin_convertvector(values >= bound, Longs));
}

/** Of the values at least `bound`: the sum of e^((value - most) * scale). */
static double sum_of(const float * row, int size, float bound, double most, double scale) {
    Doubles lanes = {};
    int i = 0;
    for (; i + 8 <= size; i += 8) add_weights(lanes, *(const Floats *) (row + i), bound, most, scale);
    if (i < size) {
        Floats rest = Floats {} - INFINITY;
        for (int j = 0; i + j < size; j++) rest[j] = row[i + j];
        add_weights(lanes, rest, bound, most, scale);
    }
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

/** The least float that is not below `bound`: floats compare with it as they do with the double. */
static float up(double bound) {
    const float near = (float) bound;
    return near < bound ? nextafterf(near, INFINITY) : near;
}

/** Orders a heap: the smaller value first; of equal ones the higher token. */
static bool weaker(const float * row, int32_t a, int32_t b) {
    return row[a] < row[b] || (row[a] == row[b] && a > b);
}

static void sift_down(const float * row, int32_t * heap, int32_t count, int32_t at) {
    for (;;) {
        int32_t least = at;
        for (int32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (weaker(row, heap[child], heap[least])) least = child;
        if (least == at) return;
        const int32_t kept = heap[at];
        heap[at] = heap[least];
        heap[least] = kept;
        at = least;
    }
}

} // namespace ouroboros

using namespace ouroboros;

/** The first of the largest values; 0 in a row without numbers. */
EXPORT int32_t ouroboros_rows_argmax(const float * row, int32_t size) {
    float most = -INFINITY;
    int32_t best = 0;
    const int32_t block = 1024;
    for (int32_t at = 0; at < size; at += block) {
        const float here = largest(row + at, size - at < block ? size - at : block, most);
        if (here > most) {
            most = here;
            best = at;
        }
    }
    for (int32_t i = best; i < size; i++)
        if (row[i] == most) return i;
    return 0;
}

/** Tokens of logits at least `bound`, ascending, with their logits: how many there are. The first `capacity` of them are written. */
EXPORT int32_t ouroboros_rows_near(const float * row, int32_t size, double bound, int32_t * tokens, float * logits, int32_t capacity) {
    const float least = up(bound);
    int32_t count = 0;
    for (int32_t at = 0; at < size; at += BLOCK) {
        const int32_t end = size - at < BLOCK ? size : at + BLOCK;
        if (!any_at_least(row + at, end - at, least)) continue;
        for (int32_t i = at; i < end; i++) {
            if (!(row[i] >= least)) continue;
            if (count < capacity) {
                tokens[count] = i;
                logits[count] = row[i];
            }
            count++;
        }
    }
    return count;
}

/** The `k` largest values' tokens in no order, fewer if fewer are above -Infinity: how many. Of equal ones the lower tokens. */
EXPORT int32_t ouroboros_rows_top(const float * row, int32_t size, int32_t k, int32_t * heap) {
    int32_t count = 0;
    for (int32_t at = 0; at < size; at += BLOCK) {
        const int32_t end = size - at < BLOCK ? size : at + BLOCK;
        if (count == k && !any_at_least(row + at, end - at, row[heap[0]])) continue;
        for (int32_t i = at; i < end; i++) {
            if (!(row[i] > -INFINITY)) continue;
            if (count < k) {
                heap[count++] = i;
                if (count == k)
                    for (int32_t parent = k / 2; parent-- > 0;) sift_down(row, heap, k, parent);
            } else if (row[i] > row[heap[0]]) {
                heap[0] = i;
                sift_down(row, heap, k, 0);
            }
        }
    }
    return count;
}

/** sums[i] = the sum of e^((logit - most) / temperature) over those of the i-th 128 logits that are at least `bound`. `most`: the row's largest. */
EXPORT void ouroboros_rows_sums(const float * row, int32_t size, double most, double bound, double temperature, double * sums) {
    const float least = up(bound);
    for (int32_t at = 0; at < size; at += BLOCK) {
        const int32_t here = size - at < BLOCK ? size - at : BLOCK;
        *sums++ = any_at_least(row + at, here, least) ? sum_of(row + at, here, least, most, 1 / temperature) : 0;
    }
}

// Sixteen 32-bit lanes: one register of AVX-512, two of AVX2, four of NEON. The same operations in the same order give the same bits on each.
// Compiled with -ffp-contract=off: a multiply and an add become one only where `fma` says so.
#pragma once
#include "abi.h"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#define OUROBOROS_ISA "avx512"
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__) && defined(__AVXVNNI__)
#define OUROBOROS_ISA "avxvnni"
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define OUROBOROS_ISA "avx2"
#elif defined(__ARM_FEATURE_DOTPROD)
#define OUROBOROS_ISA "dotprod"
#else
#error "needs AVX2 with FMA and F16C, or NEON with dot product"
#endif

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#include "simd-avx512.h"
#elif defined(__AVX2__)
#include "simd-avx2.h"
#else
#include "simd-neon.h"
#endif

namespace ouroboros {

/** e^x for x <= 0; 0 below -87. Cephes' polynomial. */
INLINE F exp_negative(F value) {
    const F low = splat(-87.0f), x = max(value, low), n = round(mul(x, splat(1.44269504f)));
    const F r = fnma(n, splat(-2.12194440e-4f), fnma(n, splat(0.693359375f), x));
    F p = splat(1.9875691500e-4f);
    p = fma(p, r, splat(1.3981999507e-3f));
    p = fma(p, r, splat(8.3334519073e-3f));
    p = fma(p, r, splat(4.1665795894e-2f));
    p = fma(p, r, splat(1.6666665459e-1f));
    p = fma(p, r, splat(5.0000001201e-1f));
    return keep_where_at_least(scale_by_power(add(fma(p, mul(r, r), r), splat(1.0f)), n), value, low);
}

} // namespace ouroboros

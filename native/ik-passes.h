// Faster passes over two to some dozen tokens for processors with AVX-512: `ouroboros engine build ik` includes this into two files of
// ik_llama.cpp's kernels, see src/engines/ik-passes.ts. Passes over one token stay as they are.
#ifdef HAVE_FANCY_SIMD

// Kernels that read two groups of rows side by side wait for memory: the groups are short streams, which the processor's own prefetching
// follows badly. Asks for the same bytes of the next two groups, `distance` further on.
static inline void prefetch_two_512(const void * one, const void * two, size_t bytes, size_t distance) {
    for (size_t at = 0; at < bytes; at += 64) {
        _mm_prefetch((const char *)one + distance + at, _MM_HINT_T0);
        _mm_prefetch((const char *)two + distance + at, _MM_HINT_T0);
    }
}

// Q4_K and Q6_K, repacked: eight rows at a time in 512-bit registers, where the kernels of this name without `_512` have four in 256-bit
// ones. The same operations in the same order, hence the same bits. They return how many rows were done.

static inline __m512i join_512(__m256i low, __m256i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

static inline __m512 join_512(__m256 low, __m256 high) {
    return _mm512_castsi512_ps(join_512(_mm256_castps_si256(low), _mm256_castps_si256(high)));
}

static inline __m512i load_two_512(const void * low, const void * high) {
    return join_512(_mm256_loadu_si256((const __m256i *)low), _mm256_loadu_si256((const __m256i *)high));
}

static inline __m512i dot_rows_512(const __m512i * qx, const int8_t * quants) {
    auto y = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)quants));
    auto sumi = _mm512_dpbusd_epi32(_mm512_setzero_si512(), qx[0], _mm512_shuffle_epi32(y, _MM_PERM_AAAA));
    sumi = _mm512_dpbusd_epi32(sumi, qx[1], _mm512_shuffle_epi32(y, _MM_PERM_BBBB));
    sumi = _mm512_dpbusd_epi32(sumi, qx[2], _mm512_shuffle_epi32(y, _MM_PERM_CCCC));
    return _mm512_dpbusd_epi32(sumi, qx[3], _mm512_shuffle_epi32(y, _MM_PERM_DDDD));
}

template <int nrc_y>
static inline void store_rows_512(const DataInfo& info, int ix, __m512 * acc) {
    for (int iy = 0; iy < nrc_y; ++iy) {
        auto low = _mm512_castps512_ps256(acc[iy]);
        auto high = _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(acc[iy]), 1));
        info.store(ix+0, iy, _mm_add_ps(_mm256_castps256_ps128(low), _mm256_extractf128_ps(low, 1)));
        info.store(ix+4, iy, _mm_add_ps(_mm256_castps256_ps128(high), _mm256_extractf128_ps(high, 1)));
        acc[iy] = _mm512_setzero_ps();
    }
}

template <int nrc_y>
static int mul_mat_q4_k_r4_q8_k_512(int n, const void * vx, size_t bx, const DataInfo& info, int nrc_x) {
    Q8<nrc_y, block_q8_K> q8(info);
    auto mf = _mm512_set1_epi8(0xf);
    auto mf256 = _mm256_set1_epi8(0xf);
    auto m3 = _mm256_set1_epi8(0x30);
    int nbl = n / QK_K;
    union { __m256i vec; uint32_t val[8]; } hd[2];
    __m512  acc[nrc_y] = {};
    __m512i isum[nrc_y] = {};
    __m512i qx[4];
    int ix = 0;
    for (; ix + 8 <= nrc_x; ix += 8) {
        const block_q4_k_r4 * iq4[2] = {(const block_q4_k_r4 *)((const char *)vx + ix*bx), (const block_q4_k_r4 *)((const char *)vx + (ix+4)*bx)};
        for (int ibl = 0; ibl < nbl; ++ibl) {
            prefetch_two_512(iq4[0] + ibl, iq4[1] + ibl, sizeof(block_q4_k_r4), 8*bx);
            __m256 d4[2], m4[2];
            __m256i ic[2][4];
            for (int g = 0; g < 2; ++g) {
                auto& block = iq4[g][ibl];
                auto dl = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)block.d));
                d4[g] = _mm256_set_m128(_mm256_castps256_ps128(dl), _mm256_castps256_ps128(dl));
                m4[g] = _mm256_mul_ps(_mm256_set1_ps(-1.0f), _mm256_set_m128(_mm256_extractf128_ps(dl, 1), _mm256_extractf128_ps(dl, 1)));
                auto lbits = _mm256_loadu_si256((const __m256i *)block.scales_l);
                auto hbits128 = _mm_loadu_si128((const __m128i *)block.scales_h);
                auto hbits = MM256_SET_M128I(hbits128, _mm_slli_epi16(hbits128, 4));
                hd[g].vec = _mm256_or_si256(_mm256_and_si256(lbits, mf256), _mm256_and_si256(hbits, m3));
                auto mins = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(lbits, 4), mf256), _mm256_and_si256(_mm256_srli_epi16(hbits, 2), m3));
                auto mins_l = _mm256_castsi256_si128(mins);
                auto mins_h = _mm256_extracti128_si256(mins, 1);
                auto aux1 = _mm_unpacklo_epi32(mins_l, mins_h);
                auto aux2 = _mm_unpackhi_epi32(mins_l, mins_h);
                ic[g][0] = _mm256_cvtepi8_epi32(aux1);
                ic[g][1] = _mm256_cvtepi8_epi32(_mm_shuffle_epi32(aux1, 0xee));
                ic[g][2] = _mm256_cvtepi8_epi32(aux2);
                ic[g][3] = _mm256_cvtepi8_epi32(_mm_shuffle_epi32(aux2, 0xee));
            }
            auto d8 = join_512(d4[0], d4[1]);
            auto m8 = join_512(m4[0], m4[1]);
            __m512 c[4];
            for (int k = 0; k < 4; ++k) c[k] = _mm512_mul_ps(m8, _mm512_cvtepi32_ps(join_512(ic[0][k], ic[1][k])));
            for (int iy = 0; iy < nrc_y; ++iy) {
                auto bs256 = _mm256_loadu_ps((const float *)q8.y[iy][ibl].bsums);
                auto bs = join_512(bs256, bs256);
                acc[iy] = _mm512_fmadd_ps(c[0], _mm512_shuffle_ps(bs, bs, 0x00), acc[iy]);
                acc[iy] = _mm512_fmadd_ps(c[1], _mm512_shuffle_ps(bs, bs, 0x55), acc[iy]);
                acc[iy] = _mm512_fmadd_ps(c[2], _mm512_shuffle_ps(bs, bs, 0xaa), acc[iy]);
                acc[iy] = _mm512_fmadd_ps(c[3], _mm512_shuffle_ps(bs, bs, 0xff), acc[iy]);
            }
            for (int ib = 0; ib < QK_K/32; ++ib) {
                auto scales = join_512(_mm256_cvtepi8_epi32(_mm_set1_epi32(hd[0].val[ib])), _mm256_cvtepi8_epi32(_mm_set1_epi32(hd[1].val[ib])));
                auto bits1 = load_two_512(iq4[0][ibl].qs + 64*ib,      iq4[1][ibl].qs + 64*ib);
                auto bits2 = load_two_512(iq4[0][ibl].qs + 64*ib + 32, iq4[1][ibl].qs + 64*ib + 32);
                qx[0] = _mm512_and_si512(bits1, mf);
                qx[1] = _mm512_and_si512(bits2, mf);
                qx[2] = _mm512_and_si512(_mm512_srli_epi16(bits1, 4), mf);
                qx[3] = _mm512_and_si512(_mm512_srli_epi16(bits2, 4), mf);
                for (int iy = 0; iy < nrc_y; ++iy) {
                    auto sumi = dot_rows_512(qx, q8.y[iy][ibl].qs + 32*ib);
                    isum[iy] = _mm512_add_epi32(isum[iy], _mm512_mullo_epi32(scales, sumi));
                }
            }
            for (int iy = 0; iy < nrc_y; ++iy) {
                acc[iy] = _mm512_fmadd_ps(_mm512_mul_ps(d8, _mm512_set1_ps(q8.scale(iy, ibl))), _mm512_cvtepi32_ps(isum[iy]), acc[iy]);
                isum[iy] = _mm512_setzero_si512();
            }
        }
        store_rows_512<nrc_y>(info, ix, acc);
    }
    return ix;
}

template <int nrc_y>
static int mul_mat_q6_k_r4_q8_k_512(int n, const void * vx, size_t bx, const DataInfo& info, int nrc_x) {
    Q8<nrc_y, block_q8_K> q8(info);
    auto m4 = _mm512_set1_epi8(0xf);
    auto m3 = _mm512_set1_epi8(0x30);
    auto m32 = _mm512_set1_epi16(-32);
    static const uint8_t k_shuff[32] = {0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15};
    auto shuff = _mm256_loadu_si256((const __m256i *)k_shuff);
    int nbl = n / QK_K;
    __m512  acc[nrc_y] = {};
    __m512i isum[nrc_y];
    __m512i qx[4];
    int ix = 0;
    for (; ix + 8 <= nrc_x; ix += 8) {
        const block_q6_k_r4 * iq6[2] = {(const block_q6_k_r4 *)((const char *)vx + ix*bx), (const block_q6_k_r4 *)((const char *)vx + (ix+4)*bx)};
        for (int ibl = 0; ibl < nbl; ++ibl) {
            prefetch_two_512(iq6[0] + ibl, iq6[1] + ibl, sizeof(block_q6_k_r4), 8*bx);
            __m256 d4[2];
            __m256i s[2][4];
            for (int g = 0; g < 2; ++g) {
                auto& block = iq6[g][ibl];
                auto dl = _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)block.d));
                d4[g] = _mm256_set_m128(dl, dl);
                auto t1 = _mm256_shuffle_epi8(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)block.scales+0)), shuff);
                auto t2 = _mm256_shuffle_epi8(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)block.scales+1)), shuff);
                auto t3 = _mm256_shuffle_epi8(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)block.scales+2)), shuff);
                auto t4 = _mm256_shuffle_epi8(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)block.scales+3)), shuff);
                s[g][0] = MM256_SET_M128I(_mm256_extracti128_si256(t3, 0), _mm256_extracti128_si256(t1, 0));
                s[g][1] = MM256_SET_M128I(_mm256_extracti128_si256(t3, 1), _mm256_extracti128_si256(t1, 1));
                s[g][2] = MM256_SET_M128I(_mm256_extracti128_si256(t4, 0), _mm256_extracti128_si256(t2, 0));
                s[g][3] = MM256_SET_M128I(_mm256_extracti128_si256(t4, 1), _mm256_extracti128_si256(t2, 1));
            }
            auto d8 = join_512(d4[0], d4[1]);
            __m512i m[4];
            for (int k = 0; k < 4; ++k) m[k] = _mm512_mullo_epi16(join_512(s[0][k], s[1][k]), m32);
            for (int iy = 0; iy < nrc_y; ++iy) {
                auto bsums = _mm512_broadcast_i64x4(q8.load_bsums(iy, ibl));
                auto sumi = _mm512_dpwssd_epi32(_mm512_setzero_si512(), m[0], _mm512_shuffle_epi32(bsums, _MM_PERM_AAAA));
                sumi = _mm512_dpwssd_epi32(sumi, m[1], _mm512_shuffle_epi32(bsums, _MM_PERM_BBBB));
                sumi = _mm512_dpwssd_epi32(sumi, m[2], _mm512_shuffle_epi32(bsums, _MM_PERM_CCCC));
                isum[iy] = _mm512_dpwssd_epi32(sumi, m[3], _mm512_shuffle_epi32(bsums, _MM_PERM_DDDD));
            }
            for (int ib = 0; ib < QK_K/32; ++ib) {
                auto scales = join_512(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)((const uint32_t *)iq6[0][ibl].scales + 2*ib))),
                                       _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)((const uint32_t *)iq6[1][ibl].scales + 2*ib))));
                auto lbits1 = load_two_512((const __m256i *)iq6[0][ibl].ql+2*ib+0, (const __m256i *)iq6[1][ibl].ql+2*ib+0);
                auto lbits2 = load_two_512((const __m256i *)iq6[0][ibl].ql+2*ib+1, (const __m256i *)iq6[1][ibl].ql+2*ib+1);
                auto hbits  = load_two_512((const __m256i *)iq6[0][ibl].qh+ib, (const __m256i *)iq6[1][ibl].qh+ib);
                qx[0] = _mm512_or_si512(_mm512_and_si512(lbits1, m4), _mm512_and_si512(m3, _mm512_slli_epi16(hbits, 4)));
                qx[1] = _mm512_or_si512(_mm512_and_si512(lbits2, m4), _mm512_and_si512(m3, hbits));
                qx[2] = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(lbits1, 4), m4), _mm512_and_si512(m3, _mm512_slli_epi16(hbits, 2)));
                qx[3] = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(lbits2, 4), m4), _mm512_and_si512(m3, _mm512_srli_epi16(hbits, 2)));
                for (int iy = 0; iy < nrc_y; ++iy) {
                    auto sumi = dot_rows_512(qx, q8.y[iy][ibl].qs + 32*ib);
                    isum[iy] = _mm512_add_epi32(isum[iy], _mm512_mullo_epi32(scales, sumi));
                }
            }
            for (int iy = 0; iy < nrc_y; ++iy) {
                auto d8y = _mm512_mul_ps(d8, _mm512_set1_ps(q8.scale(iy, ibl)));
                acc[iy] = _mm512_fmadd_ps(d8y, _mm512_cvtepi32_ps(isum[iy]), acc[iy]);
            }
        }
        store_rows_512<nrc_y>(info, ix, acc);
    }
    return ix;
}
#endif

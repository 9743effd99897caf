// Takes the place of the backend's barrier: threads that wait for others spin briefly, then sleep. The backend's spins for ever, and burns
// the time slices that the late thread waits for when other processes want the processors too.
#if defined(__linux__)
#include "abi.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace ouroboros {

/** The start of ggml_threadpool. */
struct Threadpool {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    void * graph, * plan;
    int32_t threads; // in the low 16 bits
    alignas(64) int32_t arrived;
    alignas(64) int32_t passed;
};

/** Nanoseconds of spinning: more than sleeping and waking cost, less than a time slice. */
static const int64_t SPIN = 30000;

/** Threads that sleep or are about to, by their pool's address: pools that share a counter wake each other for nothing. */
struct alignas(64) Counter {
    int32_t sleepers;
};
static Counter counters[64];

static int32_t & sleepers_of(const Threadpool * pool) {
    const uintptr_t address = (uintptr_t) pool;
    return counters[(address >> 6 ^ address >> 12 ^ address >> 18) % 64].sleepers;
}

static int64_t now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

INLINE void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#endif
}

/** Whether `passed` moves on from `before` soon. */
static bool spin(const int32_t & passed, int32_t before) {
    int64_t end = 0;
    for (;;) {
        for (int i = 0; i < 32; i++) {
            if (__atomic_load_n(&passed, __ATOMIC_ACQUIRE) != before) return true;
            relax();
        }
        const int64_t time = now();
        if (end == 0) end = time + SPIN;
        if (time >= end) return false;
    }
}

} // namespace ouroboros

using namespace ouroboros;

/**
 * No wake-up is lost. A sleeper counts itself, then the kernel compares `passed` as it puts it to sleep; the last thread raises `passed`,
 * then reads the count. Both orders are sequentially consistent, so either the kernel sees the raised value or the last thread sees the
 * count. The count is only ever taken back by the sleeper itself: a last thread that is late cannot hide the sleepers of the next barrier.
 */
EXPORT void ggml_barrier(void * threadpool) {
    Threadpool * pool = (Threadpool *) threadpool;
    const int32_t threads = __atomic_load_n(&pool->threads, __ATOMIC_RELAXED) & 0xffff;
    if (threads == 1) return;
    const int32_t before = __atomic_load_n(&pool->passed, __ATOMIC_RELAXED);
    int32_t & sleepers = sleepers_of(pool);
    if (__atomic_fetch_add(&pool->arrived, 1, __ATOMIC_SEQ_CST) == threads - 1) {
        __atomic_store_n(&pool->arrived, 0, __ATOMIC_RELAXED);
        __atomic_fetch_add(&pool->passed, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&sleepers, __ATOMIC_SEQ_CST) > 0) syscall(SYS_futex, &pool->passed, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
        return;
    }
    if (!spin(pool->passed, before)) {
        __atomic_fetch_add(&sleepers, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&pool->passed, __ATOMIC_SEQ_CST) == before)
            syscall(SYS_futex, &pool->passed, FUTEX_WAIT_PRIVATE, before, nullptr, nullptr, 0);
        __atomic_fetch_sub(&sleepers, 1, __ATOMIC_SEQ_CST);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#endif

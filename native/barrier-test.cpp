#if defined(__linux__)
#include "abi.h"
#include <pthread.h>
#include <stdlib.h>

extern "C" void ggml_barrier(void * threadpool);

namespace ouroboros {

/** ggml_threadpool as far as the barrier goes, and what the threads see of each other. */
struct Race {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    void * graph, * plan;
    int32_t threads;
    alignas(64) int32_t arrived;
    alignas(64) int32_t passed;
    alignas(64) int32_t rounds, pause, wrong;
    int32_t * reached; // rounds that each thread has begun
};
struct Racer {
    Race * race;
    int32_t index;
};

static void * run(void * argument) {
    Race & race = *((Racer *) argument)->race;
    const int32_t index = ((Racer *) argument)->index;
    uint32_t random = index + 1;
    for (int32_t round = 1; round <= race.rounds; round++) {
        __atomic_store_n(&race.reached[index], round, __ATOMIC_RELAXED);
        random = random * 1664525 + 1013904223;
        // Seldom long enough that the others fall asleep.
        const int32_t work = random >> 24 == 0 ? race.pause : random >> 20 & 255;
        for (volatile int32_t i = 0; i < work; i++) {}
        ggml_barrier(&race);
        for (int32_t other = 0; other < race.threads; other++) {
            const int32_t seen = __atomic_load_n(&race.reached[other], __ATOMIC_RELAXED);
            if (seen < round || seen > round + 1) __atomic_fetch_add(&race.wrong, 1, __ATOMIC_RELAXED);
        }
    }
    return nullptr;
}

} // namespace ouroboros

/** Threads that meet at the barrier in so many rounds, one of which is late by `pause` loops now and then: how often one was seen in a wrong round. */
EXPORT int32_t ouroboros_test_barrier(int32_t threads, int32_t rounds, int32_t pause) {
    using namespace ouroboros;
    Race * race = (Race *) aligned_alloc(64, sizeof(Race));
    memset((void *) race, 0, sizeof *race);
    race->threads = threads;
    race->rounds = rounds;
    race->pause = pause;
    race->reached = (int32_t *) calloc(threads, sizeof *race->reached);
    pthread_t * ids = (pthread_t *) malloc(threads * sizeof *ids);
    Racer * racers = (Racer *) malloc(threads * sizeof *racers);
    for (int32_t i = 0; i < threads; i++) {
        racers[i] = { race, i };
        pthread_create(&ids[i], nullptr, run, &racers[i]);
    }
    for (int32_t i = 0; i < threads; i++) pthread_join(ids[i], nullptr);
    const int32_t wrong = race->wrong;
    free(racers);
    free(ids);
    free(race->reached);
    free(race);
    return wrong;
}
#endif

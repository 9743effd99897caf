import { defineConfig } from 'vitest/config'

/** The tests that `npm run mutate` repeats for every mutant: with few runs of each property, and the largest files (examples) first. */
export default defineConfig({
  test: {
    include: ['test/core/{token-tree,prune,phrase-pool,phrase-pool-model,sampler,session,session-step,verify,lossless}.test.ts'],
    env: { OUROBOROS_TEST_RUNS: '0.1' },
    cache: false,
    testTimeout: 60_000,
  },
})

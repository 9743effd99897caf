import { defineConfig } from 'vitest/config'

/** Tests that keep phrases name a folder; the user's own is not touched. */
const env = { OUROBOROS_HISTORY: 'off' }

/** `fast` needs no weights; `model` runs real models, one file at a time, each in a process of its own; `browser` drives a real Chromium. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          env,
          include: [
            'test/*.test.ts',
            'test/{core,store,deploy,grammar,text,probe,runtime,models,builds,bench,replay,cli,server,kernels,fuzz}/**/*.test.ts',
          ],
          exclude: ['test/golden.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'model',
          env,
          include: ['test/golden.test.ts', 'test/{llama,api,e2e}/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'browser',
          env,
          include: ['test/browser/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})

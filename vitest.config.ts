import { defineConfig } from 'vitest/config'

/** `fast` needs no weights; `model` runs real models, one file at a time, each in a process of its own; `browser` drives a real Chromium. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/*.test.ts', 'test/{core,grammar,text,probe,runtime,models,builds,bench,replay,cli,server,kernels}/**/*.test.ts'],
          exclude: ['test/golden.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'model',
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

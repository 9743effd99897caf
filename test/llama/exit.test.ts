import { expect, test } from 'vitest'
import { runScript } from './run-script.ts'

/** Its thread is in koffi nearly all the time: unguarded, 38 of 40 such exits ended in a segmentation fault. */
const IN_CALLS = `
  import { Worker } from 'node:worker_threads'
  import { guardExit } from './dist/llama/exit-gate.js'
  guardExit()
  const worker = new Worker(
    \`import('./dist/llama/library.js').then(({ library }) => {
      const { c } = library()
      require('node:worker_threads').parentPort.postMessage('calling')
      for (;;) c.llama_batch_free(c.llama_batch_init(8, 0, 1))
    })\`,
    { eval: true, execArgv: [] },
  )
  worker.on('message', () => setTimeout(() => process.exit(7), 20))`

const GENERATING = `
  import { load } from './dist/index.js'
  const engine = await load({ target: 'smollm2-135m', draft: null, calibrate: false, contextLength: 512, threads: 1 })
  const generation = engine.generate({ prompt: 'The sea is', maxTokens: 300, logitBias: { 2: -100 } })
  for await (const step of generation) if (step.text) process.exit(7)`

const FAILING = GENERATING.replace('process.exit(7)', "throw new Error('the program failed')")

/** Its call would take ten minutes: nothing waits for that. */
const STUCK = `
  import { Worker } from 'node:worker_threads'
  import { guardExit } from './dist/llama/exit-gate.js'
  guardExit()
  const worker = new Worker(
    \`Promise.all([import('./dist/llama/exit-gate.js'), import('koffi')]).then(([{ inGate }, { default: koffi }]) => {
      const sleep = koffi.load(null).func('int sleep(int seconds)')
      require('node:worker_threads').parentPort.postMessage('calling')
      inGate(() => sleep(600))
    })\`,
    { eval: true, execArgv: [] },
  )
  worker.on('message', () => setTimeout(() => process.exit(7), 200))`

test.each([
  ['while a thread is in a call that does not end', STUCK, 7, 1],
  ['while a thread calls native code', IN_CALLS, 7, 8],
  ['while an answer is generated', GENERATING, 7, 3],
  ['by an error while an answer is generated', FAILING, 1, 1],
])('a process that exits %s ends with its own exit code', (_, script, code, times) => {
  for (let i = 0; i < times; i++) expect(runScript(script)).toMatchObject({ status: code, signal: null })
})

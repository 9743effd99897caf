// What every benchmark on real models shares: its flags, the two lines that say where and how it ran.
import { availableParallelism, cpus } from 'node:os'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'

const SHARED = {
  data: { type: 'string' },
  target: { type: 'string', default: 'qwen2.5-coder-1.5b' },
  draft: { type: 'string', default: 'qwen2.5-coder-0.5b' },
  tasks: { type: 'string', default: 'humaneval,gsm8k' },
  prompts: { type: 'string', default: '10' },
  tokens: { type: 'string', default: '128' },
}

/** The flags' values; `options` adds to the shared ones or overrides them. Ends the process without --data. */
export function flags(options) {
  const { values } = parseArgs({ options: { ...SHARED, ...options } })
  if (!values.data) {
    console.error('give the folder of the data sets: --data DIR')
    process.exit(2)
  }
  return values
}

export const machine = `${cpus()[0]?.model} x ${availableParallelism()}`
export const command = `${new Date().toISOString().slice(0, 10)}  node bench/${basename(process.argv[1])} ${process.argv.slice(2).join(' ')}`
export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

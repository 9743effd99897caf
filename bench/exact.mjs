// Exact mode: texts equal to plain decoding's, byte for byte? And what it costs against the default mode, whose divergence is counted too.
//   node bench/exact.mjs --data DIR [--target M] [--draft M] [--tasks a,b] [--prompts N] [--tokens N] [--temp T] [--method M]
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { load } from '../dist/index.js'
import { prompts } from './prompts.mjs'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    target: { type: 'string', default: 'qwen2.5-coder-1.5b' },
    draft: { type: 'string', default: 'qwen2.5-coder-0.5b' },
    tasks: { type: 'string', default: 'humaneval,mbpp,gsm8k,cnndm,wmt,writing' },
    prompts: { type: 'string', default: '10' },
    tokens: { type: 'string', default: '128' },
    temp: { type: 'string', default: '0,0.8' },
    method: { type: 'string', default: 'ouroboros' },
  },
})
if (!values.data) {
  console.error('give the folder of the data sets: --data DIR')
  process.exit(2)
}
const all = values.tasks.split(',').flatMap((task) => prompts(values.data, task, Number(values.prompts)))
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
console.log(`${cpus()[0]?.model} x ${availableParallelism()}`)
console.log(`${new Date().toISOString().slice(0, 10)}  node bench/exact.mjs ${process.argv.slice(2).join(' ')}`)

const rows = []
for (const exact of [true, false]) {
  const engine = await load({ target: values.target, draft: values.draft, exact })
  const { target, exactWidth, repack, cacheTypeV, loadMs } = engine.facts
  console.log(
    `${exact ? 'exact' : 'default'}: ${target.description}, values ${cacheTypeV}, ${repack ? 'repacked' : 'not repacked'}, ` +
      `width ${exactWidth ?? 'any'}, loaded in ${(loadMs / 1000).toFixed(1)} s`,
  )
  await engine.generate({ prompt: 'warm up', maxTokens: 8 }).result
  for (const temperature of values.temp.split(',').map(Number)) {
    const pairs = []
    for (const content of all) {
      const request = { messages: [{ role: 'user', content }], maxTokens: Number(values.tokens), temperature, seed: 11 }
      const plain = await engine.generate({ ...request, method: 'vanilla' }).result
      pairs.push({ plain, drafted: await engine.generate({ ...request, method: values.method }).result })
    }
    const differ = pairs.filter(({ plain, drafted }) => plain.text !== drafted.text).length
    const speed = (which) => median(pairs.map((pair) => pair[which].timings.predictedPerSecond))
    rows.push({ exact, temperature, differ })
    console.log(
      `  temperature ${temperature}: ${differ} of ${pairs.length} texts differ; plain ${speed('plain').toFixed(1)} tok/s, ` +
        `${values.method} ${speed('drafted').toFixed(1)} tok/s`,
    )
  }
  await engine.dispose()
}
process.exitCode = rows.some(({ exact, differ }) => exact && differ > 0) ? 1 : 0

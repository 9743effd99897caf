// Exact mode: texts equal to plain decoding's, byte for byte? And what it costs against the default mode, whose divergence is counted too.
// Both modes are loaded, and take turns prompt by prompt. `--modes exact` leaves the default mode out.
//   node bench/exact.mjs --data DIR [--target M] [--draft M] [--tasks a,b] [--prompts N] [--tokens N] [--temp T,T] [--method M] [--modes exact,default]
import { load } from '../dist/index.js'
import { prompts } from './prompts.mjs'
import { command, flags, machine, median } from './setup.mjs'

const values = flags({
  tasks: { type: 'string', default: 'humaneval,mbpp,gsm8k,cnndm,wmt,writing,roleplay' },
  temp: { type: 'string', default: '0,0.8' },
  method: { type: 'string', default: 'ouroboros' },
  modes: { type: 'string', default: 'exact,default' },
})
const all = values.tasks.split(',').flatMap((task) => prompts(values.data, task, Number(values.prompts)))
console.log(machine)
console.log(command)

const modes = []
for (const name of values.modes.split(',')) {
  const engine = await load({ target: values.target, draft: values.draft, exact: name === 'exact' })
  const { target, exactWidth, repack, cacheTypeV, loadMs } = engine.facts
  console.log(
    `${name}: ${target.description}, values ${cacheTypeV}, ${repack ? 'repacked' : 'not repacked'}, ` +
      `width ${exactWidth ?? 'any'}, loaded in ${(loadMs / 1000).toFixed(1)} s`,
  )
  await engine.generate({ prompt: 'warm up', maxTokens: 8 }).result
  modes.push({ name, engine })
}
for (const temperature of values.temp.split(',').map(Number)) {
  const pairs = Object.fromEntries(modes.map(({ name }) => [name, []]))
  for (const content of all) {
    const request = { messages: [{ role: 'user', content }], maxTokens: Number(values.tokens), temperature, seed: 11 }
    for (const { name, engine } of modes) {
      const plain = await engine.generate({ ...request, method: 'vanilla' }).result
      pairs[name].push({ plain, drafted: await engine.generate({ ...request, method: values.method }).result })
    }
    process.stderr.write(`\r${pairs[modes[0].name].length}/${all.length}`)
  }
  process.stderr.write('\r')
  for (const { name } of modes) {
    const differ = pairs[name].filter(({ plain, drafted }) => plain.text !== drafted.text).length
    const tokens = pairs[name].reduce((sum, { plain }) => sum + plain.usage.completionTokens, 0)
    const speed = (which) => median(pairs[name].map((pair) => pair[which].timings.predictedPerSecond)).toFixed(1)
    console.log(
      `temperature ${temperature}, ${name}: ${differ} of ${all.length} texts differ (${tokens} tokens); ` +
        `plain ${speed('plain')} tok/s, ${values.method} ${speed('drafted')} tok/s`,
    )
    if (name === 'exact' && differ > 0) process.exitCode = 1
  }
}
for (const { engine } of modes) await engine.dispose()

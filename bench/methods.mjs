// Every method on the same prompts, interleaved: speed against plain decoding, acceptance, share of time outside the engine, equal texts.
//   node bench/methods.mjs --data DIR [--target M] [--draft M] [--tasks a,b] [--methods a,b] [--prompts N] [--tokens N] [--temp T] [--options JSON] [--cache-type-v T] [--no-repack]
import { draftAcceptanceRate, load, meanAcceptanceLength } from '../dist/index.js'
import { prompts } from './prompts.mjs'
import { command, flags, machine, median } from './setup.mjs'

const values = flags({
  methods: { type: 'string', default: 'speculative,prompt-lookup,lookahead,ouroboros' },
  prompts: { type: 'string', default: '5' },
  tokens: { type: 'string', default: '96' },
  temp: { type: 'string', default: '0' },
  options: { type: 'string', default: '{}' },
  'cache-type-v': { type: 'string', default: 'f16' },
  'no-repack': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
})
const methods = ['vanilla', ...values.methods.split(',')]
/** Runs a request; the result with its token ids. */
async function generate(request) {
  const generation = engine.generate(request)
  const tokens = []
  for await (const step of generation) tokens.push(...step.tokens)
  return { ...(await generation.result), tokens }
}

/** Where a text parts from plain decoding's, and how close the two best tokens were there: a near-tie has a small margin. */
async function firstDifference(request, plain, other) {
  const at = plain.tokens.findIndex((token, i) => token.id !== other.tokens[i]?.id)
  const { tokens } = await generate({ ...request, method: 'vanilla', logprobs: 2 })
  const [best, second] = tokens[at]?.topLogprobs ?? []
  return `  ${other.method}: token ${at}, ${JSON.stringify(best?.text)} or ${JSON.stringify(second?.text)}, log-probabilities ${(best?.logprob - second?.logprob).toFixed(3)} apart`
}

const engine = await load({ target: values.target, draft: values.draft, cacheTypeV: values['cache-type-v'], repack: !values['no-repack'] })
console.log(`${engine.facts.target.description} + ${engine.facts.draft?.description}, ${engine.facts.library}, ${machine}`)
console.log(command)
await engine.generate({ prompt: 'warm up', maxTokens: 16 }).result
console.log('task        method          tok/s  speed-up (min..max)     tokens/pass  acceptance  outside  equal')
for (const task of values.tasks.split(',')) {
  const rows = new Map(methods.map((method) => [method, []]))
  for (const content of prompts(values.data, task, Number(values.prompts))) {
    for (const method of methods) {
      const request = {
        messages: [{ role: 'user', content }],
        maxTokens: Number(values.tokens),
        method,
        temperature: Number(values.temp),
        seed: 7,
      }
      const options = method === 'vanilla' ? {} : JSON.parse(values.options)
      rows.get(method).push({ ...(await generate({ ...request, options })), request })
    }
  }
  const plain = rows.get('vanilla')
  for (const [method, results] of rows) {
    const ratios = results.map((one, i) => one.timings.predictedPerSecond / plain[i].timings.predictedPerSecond)
    const outside = results.map(({ timings }) => 1 - timings.engineMs / (timings.promptMs + timings.predictedMs))
    const sum = (pick) => results.reduce((total, one) => total + pick(one.statistics), 0)
    const steps = sum((statistics) => statistics.steps)
    const passes = results.reduce((total, one) => total + meanAcceptanceLength(one.statistics) * one.statistics.steps, 0) / steps
    const acceptance =
      sum((statistics) => statistics.acceptedTokens) /
      Math.max(
        1,
        sum((statistics) => statistics.draftTokens),
      )
    const equal = results.filter((one, i) => one.text === plain[i].text).length
    console.log(
      task.padEnd(11),
      method.padEnd(14),
      median(results.map((one) => one.timings.predictedPerSecond))
        .toFixed(1)
        .padStart(6),
      `${median(ratios).toFixed(2)}x (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`.padStart(22),
      passes.toFixed(2).padStart(15),
      `${(100 * acceptance).toFixed(0)} %`.padStart(11),
      `${(100 * median(outside)).toFixed(1)} %`.padStart(8),
      `${equal}/${results.length}`.padStart(6),
    )
    if (Number(values.temp) === 0) {
      for (const [i, one] of results.entries())
        if (one.text !== plain[i].text) console.log(await firstDifference(one.request, plain[i], one))
    }
    if (values.json)
      for (const one of results)
        console.log(JSON.stringify({ task, method, rate: draftAcceptanceRate(one.statistics), ...one, tokens: undefined }))
  }
}
await engine.dispose()

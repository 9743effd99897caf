// Tokens per target pass without cost control: ouroboros cold (pool emptied before every prompt) and warm (pool kept from the first half of the
// set), on the second half; and the acceptance of its draft tokens beside plain speculation's on the same positions.
//   node bench/warm.mjs --data DIR [--target M] [--draft M] [--tasks a,b] [--prompts N] [--tokens N] [--gamma N] [--options JSON]
import { load, meanAcceptanceLength } from '../dist/index.js'
import { prompts } from './prompts.mjs'
import { command, flags, machine } from './setup.mjs'

const values = flags({
  gamma: { type: 'string', default: '7' },
  options: { type: 'string', default: '{}' },
})

/** Runs a request with its trace; adds each draft token that the walk came to: place in the answer → accepted or not. */
async function generate(content, method) {
  const options = { draftLength: Number(values.gamma), ...(method === 'ouroboros' && JSON.parse(values.options)) }
  const generation = engine.generate({
    messages: [{ role: 'user', content }],
    maxTokens: Number(values.tokens),
    method,
    options,
    trace: true,
  })
  const judged = new Map()
  for await (const { trace } of generation) {
    if (!trace) continue
    const accepted = new Set(trace.accepted)
    const depths = []
    for (const [node, { parent, origin }] of trace.tree.entries()) {
      depths[node] = parent < 0 ? 1 : depths[parent] + 1
      if (origin === 'draft' && (parent < 0 || accepted.has(parent))) judged.set(trace.before + depths[node], accepted.has(node))
    }
  }
  return { ...(await generation.result), judged }
}

const perPass = (results) => {
  const steps = results.reduce((sum, { statistics }) => sum + statistics.steps, 0)
  return results.reduce((sum, { statistics }) => sum + meanAcceptanceLength(statistics) * statistics.steps, 0) / steps
}
const share = (flags) => (flags.length === 0 ? Number.NaN : flags.filter(Boolean).length / flags.length)

const engine = await load({ target: values.target, draft: values.draft })
console.log(`${engine.facts.target.description} + ${engine.facts.draft?.description}, ${machine}`)
console.log(command)
console.log('task        cold    warm   all cold   draft tokens accepted (plain speculation on the same positions)')
for (const task of values.tasks.split(',')) {
  const all = prompts(values.data, task, Number(values.prompts))
  const half = Math.floor(all.length / 2)
  const cold = []
  const plain = []
  for (const content of all) {
    await engine.forgetPhrases()
    cold.push(await generate(content, 'ouroboros'))
    plain.push(await generate(content, 'speculative'))
  }
  await engine.forgetPhrases()
  const warm = []
  for (const content of all) warm.push(await generate(content, 'ouroboros'))
  // Where texts part at a near-tie the positions are no longer the same: equal texts only.
  const pairs = all.flatMap((_, i) => {
    if (cold[i].text !== plain[i].text) return []
    return [...cold[i].judged].flatMap(([at, ours]) => (plain[i].judged.has(at) ? [[ours, plain[i].judged.get(at)]] : []))
  })
  console.log(
    task.padEnd(9),
    perPass(cold.slice(half)).toFixed(2).padStart(6),
    perPass(warm.slice(half)).toFixed(2).padStart(7),
    perPass(cold).toFixed(2).padStart(10),
    `   ${(100 * share(pairs.map(([ours]) => ours))).toFixed(1)} % (${(100 * share(pairs.map(([, theirs]) => theirs))).toFixed(1)} %) of ${pairs.length}`,
  )
}
await engine.dispose()

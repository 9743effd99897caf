// What each idea of the paper adds: tokens per target pass and draft passes per token, no cost control, the pool kept over the prompts of a task.
//   node bench/ablation.mjs --data DIR [--target M] [--draft M] [--tasks a,b] [--prompts N] [--tokens N] [--gamma N]
import { load, meanAcceptanceLength } from '../dist/index.js'
import { prompts } from './prompts.mjs'
import { command, flags, machine } from './setup.mjs'

const values = flags({
  gamma: { type: 'string', default: '7' },
})
const none = { draftLength: Number(values.gamma), window: 0, guesses: 0, suffixes: 0, branches: 0, directChance: 2, sources: [] }
const window = { window: 4, ngram: 5, guesses: 3 }
/** Each line has what the line above has, and one idea more; `fresh`: the pool is emptied before every prompt. */
const LADDER = [
  ['plain drafting', { ...none }, true],
  ['+ phrase drafting (W=4 N=5 G=3)', { ...none, ...window }, true],
  ['+ lengthening (K=2, 1 branch)', { ...none, ...window, suffixes: 2, branches: 1 }, true],
  ['+ phrases from verification', { ...none, ...window, suffixes: 2, branches: 1, sources: ['verification'] }, true],
  ['+ prompt and answer', { ...none, ...window, suffixes: 2, branches: 1, sources: ['verification', 'prompt', 'history'] }, true],
  ['+ earlier requests', { ...none, ...window, suffixes: 2, branches: 1, sources: ['verification', 'prompt', 'history'] }, false],
  [
    '+ direct phrases',
    { ...none, ...window, suffixes: 2, branches: 1, sources: ['verification', 'prompt', 'history'], directChance: 0.8 },
    false,
  ],
]

const engine = await load({ target: values.target, draft: values.draft })
console.log(`${engine.facts.target.description} + ${engine.facts.draft?.description}, ${machine}`)
console.log(command)
console.log('task       idea                              tokens/target pass   draft passes/token   proposed/target pass')
for (const task of values.tasks.split(',')) {
  const all = prompts(values.data, task, Number(values.prompts))
  for (const [name, options, fresh] of LADDER) {
    await engine.forgetPhrases()
    const results = []
    for (const content of all) {
      if (fresh) await engine.forgetPhrases()
      results.push(await engine.generate({ messages: [{ role: 'user', content }], maxTokens: Number(values.tokens), options }).result)
    }
    const sum = (pick) => results.reduce((total, one) => total + pick(one), 0)
    const steps = sum(({ statistics }) => statistics.steps)
    const tokens = sum(({ usage }) => usage.completionTokens)
    console.log(
      task.padEnd(10),
      name.padEnd(32),
      (sum(({ statistics }) => meanAcceptanceLength(statistics) * statistics.steps) / steps).toFixed(2).padStart(19),
      (sum(({ statistics }) => statistics.draftPasses) / tokens).toFixed(2).padStart(20),
      (sum(({ statistics }) => statistics.draftTokens) / steps).toFixed(1).padStart(22),
    )
  }
}
await engine.dispose()

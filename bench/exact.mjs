// Are texts plain decoding's, byte for byte? Greedy and sampled, alone and with others in the same passes: `--sessions` prompts are answered at once
// by plain decoding, then by the method, then the first of them by plain decoding alone.
//   node bench/exact.mjs --data DIR [--target M] [--draft M] [--tasks a,b] [--prompts N] [--tokens N] [--temp T,T] [--method M] [--sessions N]
import { load } from '../dist/index.js'
import { prompts } from './prompts.mjs'
import { command, flags, machine } from './setup.mjs'

const values = flags({
  tasks: { type: 'string', default: 'humaneval,mbpp,gsm8k,cnndm,wmt,writing,roleplay' },
  temp: { type: 'string', default: '0,0.8' },
  method: { type: 'string', default: 'ouroboros' },
  sessions: { type: 'string', default: '4' },
})
const all = values.tasks.split(',').flatMap((task) => prompts(values.data, task, Number(values.prompts)))
const sessions = Number(values.sessions)
const engine = await load({ target: values.target, draft: values.draft, sessions })
const { target, kernels, exact, threads } = engine.facts
console.log(machine)
console.log(command)
console.log(`${target.description}, kernels ${kernels.set ?? 'stock'}, ${threads} threads, ${exact ? 'exact' : 'not exact'} by the probe`)

for (const temperature of values.temp.split(',').map(Number)) {
  const counts = { texts: 0, differ: 0, alone: 0, aloneDiffer: 0, tokens: 0 }
  for (let at = 0; at < all.length; at += sessions) {
    const requests = all.slice(at, at + sessions).map((content, i) => ({
      messages: [{ role: 'user', content }],
      maxTokens: Number(values.tokens),
      temperature,
      seed: 11 + at + i,
    }))
    const together = (method) => Promise.all(requests.map((request) => engine.generate({ ...request, method }).result))
    const plain = await together('vanilla')
    const drafted = await together(values.method)
    const alone = await engine.generate({ ...requests[0], method: 'vanilla' }).result
    counts.texts += plain.length
    counts.differ += plain.filter(({ text }, i) => text !== drafted[i].text).length
    counts.alone++
    if (alone.text !== plain[0].text) counts.aloneDiffer++
    counts.tokens += plain.reduce((sum, { usage }) => sum + usage.completionTokens, 0)
    process.stderr.write(`\r${counts.texts}/${all.length}, ${counts.differ} differ`)
  }
  process.stderr.write('\r')
  console.log(
    `temperature ${temperature}: ${counts.differ} of ${counts.texts} texts of ${values.method} differ from plain decoding's (${counts.tokens} tokens, ` +
      `${sessions} at once); ${counts.aloneDiffer} of ${counts.alone} plain texts differ alone`,
  )
  if (counts.differ + counts.aloneDiffer > 0) process.exitCode = 1
}
await engine.dispose()

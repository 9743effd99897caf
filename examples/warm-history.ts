// Phrases of earlier answers are kept on disk: a program that is started again needs fewer passes. Run: npx tsx examples/warm-history.ts
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'ouroboros-llm'

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
const folder = await mkdtemp(join(tmpdir(), 'history-')) // without `history`: one folder for all programs
for (const start of ['first', 'second']) {
  await using engine = await load({ target, history: { folder } })
  const { statistics } = await engine.generate({ prompt: 'def fibonacci(n):', maxTokens: 64 }).result
  console.log(start, 'start:', statistics.targetPasses, 'target passes for 64 tokens')
}
await rm(folder, { recursive: true })

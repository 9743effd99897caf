// Streams an answer, each token colored by who wrote it first. Run: npx tsx examples/stream.ts
import { styleText } from 'node:util'
import { load } from 'ouroboros-llm'

const COLORS = { target: 'reset', draft: 'blue', phrase: 'yellow' } as const

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using engine = await load({ target })
for await (const step of engine.generate({ messages: [{ role: 'user', content: 'What is a trie?' }], maxTokens: 100 }))
  for (const { text, origin } of step.tokens) process.stdout.write(styleText(COLORS[origin], text))

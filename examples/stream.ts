// Streams an answer. Run: npx tsx examples/stream.ts
import { load } from 'ouroboros-llm'

await using engine = await load({ target: 'qwen2.5-coder-1.5b' })
for await (const step of engine.generate({ messages: [{ role: 'user', content: 'What is a trie?' }], maxTokens: 100 }))
  process.stdout.write(step.text)

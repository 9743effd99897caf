// Goes on from a raw text, without a chat template. Run: npx tsx examples/complete.ts
import { load } from 'ouroboros-llm'

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using engine = await load({ target })
const { text } = await engine.generate({ prompt: 'def fibonacci(n):', maxTokens: 64, stop: '\n\n' }).result
console.log(text)

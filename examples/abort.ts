// Ends an answer after two seconds; what was written is kept. Run: npx tsx examples/abort.ts
import { load } from 'ouroboros-llm'

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using engine = await load({ target })
const generation = engine.generate({ prompt: 'Once upon a time', maxTokens: -1, signal: AbortSignal.timeout(2000) })
const { text, finishReason } = await generation.result
console.log(finishReason, text.length, 'characters')

// The same prompt by every method: the same text at different speeds. Run: npx tsx examples/compare-methods.ts
import { load, type Method, meanAcceptanceLength } from 'ouroboros-llm'

const methods: Method[] = ['vanilla', 'speculative', 'prompt-lookup', 'lookahead', 'ouroboros']
await using engine = await load({ target: 'qwen2.5-coder-1.5b' })
for (const method of methods) {
  const { text, timings, statistics } = await engine.generate({ prompt: 'def fibonacci(n):', maxTokens: 64, method }).result
  console.log(
    method,
    timings.predictedPerSecond.toFixed(1),
    'tok/s,',
    meanAcceptanceLength(statistics).toFixed(2),
    'tokens per pass',
    text.length,
  )
}

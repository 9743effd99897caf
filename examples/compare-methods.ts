// The same prompt by every method: the same text at different speeds. Run: npx tsx examples/compare-methods.ts
import { load, METHOD_NAMES, meanAcceptanceLength } from 'ouroboros-llm'

const [target = 'qwen2.5-coder-1.5b', draft] = process.argv.slice(2)
await using engine = await load({ target, ...(draft && { draft }) })
const texts = new Set<string>()
for (const method of METHOD_NAMES) {
  const { text, timings, statistics } = await engine.generate({ prompt: 'def fibonacci(n):', maxTokens: 64, method }).result
  texts.add(text)
  const speed = `${timings.predictedPerSecond.toFixed(1)} tokens/s`
  console.log(method.padEnd(14), speed, `${meanAcceptanceLength(statistics).toFixed(2)} tokens per target pass`)
}
console.log(texts.size === 1 ? 'all texts are the same' : `${texts.size} different texts`)

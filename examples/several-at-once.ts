// Four answers at once in joint passes of the models; each text is what it would be alone. Run: npx tsx examples/several-at-once.ts
import { load } from 'ouroboros-llm'

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using engine = await load({ target, sessions: 4 })
const words = ['trie', 'heap', 'graph', 'queue']
const answer = async (word: string) => {
  const { text } = await engine.generate({ messages: [{ role: 'user', content: `What is a ${word}?` }], maxTokens: 40 }).result
  return `${word}: ${text}`
}
for (const text of await Promise.all(words.map(answer))) console.log(`${text}\n`)

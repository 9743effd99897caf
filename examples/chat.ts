// A conversation: each answer is a message of the next request; what the model has read already is not read again. Run: npx tsx examples/chat.ts
import { type ChatMessage, load } from 'ouroboros-llm'

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using engine = await load({ target })
const messages: ChatMessage[] = [{ role: 'system', content: 'You answer in one sentence.' }]
for (const question of ['What is a trie?', 'And when is a hash table better?']) {
  messages.push({ role: 'user', content: question })
  const { text, usage } = await engine.generate({ messages, maxTokens: 80 }).result
  messages.push({ role: 'assistant', content: text })
  console.log(`> ${question}\n${text}\n(${usage.cachedTokens} of ${usage.promptTokens} prompt tokens were read before)\n`)
}

// The Vercel AI SDK with a model in this process; needs the package `ai`. Run: npx tsx examples/ai-sdk.ts
import { streamText } from 'ai'
import { createOuroboros } from 'ouroboros-llm/ai-sdk'

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using ouroboros = createOuroboros()
const { textStream } = streamText({ model: ouroboros(target), prompt: 'What is a trie?', maxOutputTokens: 100 })
for await (const text of textStream) process.stdout.write(text)

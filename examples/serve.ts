// A server inside a program: any OpenAI client can talk to it. Run: npx tsx examples/serve.ts
import { load } from 'ouroboros-llm'
import { listen } from 'ouroboros-llm/server'

await using engine = await load({ target: 'qwen2.5-coder-1.5b', sessions: 4 })
const server = await listen(engine, { port: 8080, metrics: true })
console.log(`listening on ${server.url}, Ctrl-C stops`)
await new Promise((resolve) => process.once('SIGINT', resolve))
await server.stop()

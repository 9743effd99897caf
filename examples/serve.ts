// A server inside a program: any OpenAI client can talk to it. Run: npx tsx examples/serve.ts
import { load } from 'ouroboros-llm'
import { listen } from 'ouroboros-llm/server'

const [target = 'qwen2.5-coder-1.5b', port = '8080'] = process.argv.slice(2)
await using engine = await load({ target, sessions: 4 })
const server = await listen(engine, { port: Number(port), metrics: true })
console.log(`listening on ${server.url}, Ctrl-C stops`)
await new Promise((resolve) => process.once('SIGINT', resolve))
await server.stop()

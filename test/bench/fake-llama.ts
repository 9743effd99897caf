import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../models/temp-folder.ts'

/** A server as far as it is needed, as a program of its own. */
export const FAKE_SERVER = `#!/usr/bin/env node
const { createServer } = require('node:http')
const port = process.argv[process.argv.indexOf('--port') + 1]
let asked = 0
let last // as ik_llama.cpp's draft model, which has the last answer ready
createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  const answer = (value, status = 200) => response.writeHead(status).end(JSON.stringify(value))
  if (request.url === '/health') return answer({}, ++asked > 1 ? 200 : 503)
  const body = JSON.parse(text)
  if (request.url === '/apply-template') return answer({ prompt: '<user>' + body.messages[0].content })
  if (body.prompt === 'fail') return answer({ error: 'no' }, 500)
  const predicted_ms = process.argv.includes('--model-draft') && body.prompt === last ? 1 : 1000
  last = body.prompt
  const timings = { prompt_n: 3, cache_n: 2, prompt_ms: 10, predicted_n: body.n_predict, predicted_ms, draft_n: 8, draft_n_accepted: 5 }
  answer({ content: body.prompt + JSON.stringify(body), timings })
}).listen(Number(port), '127.0.0.1')
`

/** An executable file. */
export async function program(text: string): Promise<string> {
  const file = join(await tempFolder(), 'server.cjs')
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}

/** The lookahead example: the prompt, one word, its figures. */
export const FAKE_LOOKAHEAD = `#!/usr/bin/env node
const { readFileSync } = require('node:fs')
const prompt = readFileSync(process.argv[process.argv.indexOf('--file') + 1], 'utf8').slice(0, -1)
process.stdout.write('\\n\\n' + prompt + 'word\\n\\n\\n\\n')
console.error('encoded 4 tokens in 0.1 seconds, speed: 40 t/s')
console.error('decoded 5 tokens in 1.0 seconds, speed: 5.0 t/s')
console.error('n_accept = 1')
`

// How often `tool_choice: auto` ends in a legal call: node bench/tool-calls.mjs [MODEL] [FROM-TO]. Prompts: bench/tool-prompts.json.
import { readFileSync } from 'node:fs'
import { load } from '../dist/index.js'
import { listen } from '../dist/server/index.js'

const [target = 'qwen2.5-coder-1.5b', range = '0-20'] = process.argv.slice(2)
const [from, to] = range.split('-').map(Number)
const { tools, needed, not_needed } = JSON.parse(readFileSync(new URL('tool-prompts.json', import.meta.url), 'utf8'))
const required = new Map(tools.map((tool) => [tool.function.name, tool.function.parameters.required]))

const engine = await load({ target, contextLength: 2048 })
const server = await listen(engine, { port: 0 })

async function ask(content) {
  const body = { messages: [{ role: 'user', content }], tools, max_tokens: 160, temperature: 0 }
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { choices, error } = await response.json()
  if (error) throw new Error(error.message)
  return choices[0].message
}

function isLegal({ function: { name, arguments: given } }) {
  const values = JSON.parse(given)
  return required.get(name)?.every((key) => key in values)
}

let [called, asMeant, falselyCalled] = [0, 0, 0]
for (const [meant, prompt] of needed.slice(from, to)) {
  const { tool_calls: calls = [], content } = await ask(prompt)
  const ok = calls.length > 0 && calls.every(isLegal)
  if (ok) called++
  if (ok && calls[0].function.name === meant) asMeant++
  console.log(
    ok ? 'call' : 'NONE',
    prompt,
    '→',
    calls.map((call) => `${call.function.name} ${call.function.arguments}`).join('; ') || content,
  )
}
for (const prompt of not_needed.slice(from, to)) {
  const { tool_calls: calls = [], content } = await ask(prompt)
  if (calls.length > 0) falselyCalled++
  console.log(
    calls.length > 0 ? 'CALL' : 'none',
    prompt,
    '→',
    calls.map((call) => `${call.function.name} ${call.function.arguments}`).join('; ') || content.slice(0, 80),
  )
}
console.log(JSON.stringify({ target, range, needed: needed.slice(from, to).length, called, asMeant, falselyCalled }))
await server.stop(0)
await engine.dispose()

#!/usr/bin/env node
// Stands in for llama-server in llama.cpp's own tests: takes its flags, and runs `ouroboros serve` in this process.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const MODEL = process.env.OUROBOROS_PEER_MODEL ?? 'smollm2-135m'
/** Names that the tests ask for; llama-server answers to any. */
const ASKED = ['test', 'davinci-002', 'gpt-3.5-turbo', 'gpt-3.5-turbo-instruct', 'gpt-4.1', 'codellama70b']
/** What is another's model, or changes no answer here. */
const DROPPED = ['model', 'hf-repo', 'hf-file', 'model-url', 'batch-size', 'ubatch-size', 'spec-draft-n-min', 'cache-ram']
const DROPPED_SWITCHES = [
  'offline',
  'cont-batching',
  'kv-unified',
  'swa-full',
  'verbose',
  'jinja',
  'no-jinja',
  'no-mmproj',
  'slots',
  'no-cache-idle-slots',
]
const KEPT = [
  'host',
  'port',
  'temp',
  'seed',
  'api-key',
  'threads',
  'reasoning-format',
  'parallel',
  'spec-type',
  'spec-draft-n-max',
  'chat-template-file',
]

// The small model's own template shows no tools; llama-server finds a way for any.
const TOOLS = readFileSync(new URL('../clients/tools.jinja', import.meta.url), 'utf8')

const text = (names) => Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
const bare = (names) => Object.fromEntries(names.map((name) => [name, { type: 'boolean' }]))
const { values } = parseArgs({
  args: joined(process.argv.slice(2).map((arg) => arg.replace(/^-(fa|ctk|ctv)$/, '--$1'))),
  options: {
    ...text([...DROPPED, ...KEPT, 'alias', 'ctx-size', 'n-predict', 'model-draft', 'chat-template', 'reasoning', 'fa', 'ctk', 'ctv']),
    ...bare([...DROPPED_SWITCHES, 'metrics', 'no-slots']),
  },
})

const flags = KEPT.flatMap((name) => (values[name] === undefined ? [] : [`--${name}=${values[name]}`]))
flags.push('--model', MODEL, ...(values['model-draft'] ? ['--spec-draft-model', MODEL] : ['--no-draft']))
flags.push('--alias', [...(values.alias?.split(',') ?? [MODEL]), ...ASKED].join(','))
if (values.metrics) flags.push('--metrics')
if (values['no-slots']) flags.push('--no-slots')
if (values['n-predict']) flags.push(`--predict=${values['n-predict']}`)
// llama-server shares its context among the slots.
const shares = values['kv-unified'] ? 1 : Number(values.parallel ?? 1)
if (values['ctx-size']) flags.push('--ctx-size', String(Math.floor(Number(values['ctx-size']) / shares)))
if (values.jinja && !values['chat-template'] && !values['chat-template-file']) flags.push('--chat-template', TOOLS)
if (values['chat-template']) {
  const given = values['chat-template']
  // A text without Jinja marks is a template to llama-server.
  flags.push('--chat-template', given.includes(' ') && !/\{[{%]/.test(given) ? `${given}{{ '' }}` : given)
}
// With auto, llama-server lets a model think that can.
if (values.reasoning) flags.push('--chat-template-kwargs', JSON.stringify({ enable_thinking: values.reasoning !== 'off' }))

const main = new URL('../../dist/cli/main.js', import.meta.url)
process.argv = [process.argv[0], main.pathname, 'serve', '--no-calibrate', '--no-history', ...flags]
await import(main.href)

/** A value below 0 goes with its flag: alone it looks like one. */
function joined(args) {
  return args.flatMap((arg, i) => (/^-\d/.test(arg) ? [] : /^-\d/.test(args[i + 1] ?? '') ? [`${arg}=${args[i + 1]}`] : [arg]))
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { omitUndefined } from '../../core/omit-undefined.ts'
import type { ListenOptions } from '../../server/listen.ts'
import type { Log } from '../../server/options.ts'
import { type GenerateFlags, toGenerateOptions } from './generate-flags.ts'
import type { HistoryFlags } from './history-flags.ts'
import type { LoadFlags } from './load-flags.ts'
import { integer, real } from './numbers.ts'
import { readText } from './text-file.ts'

/** What commander makes of all flags of `serve`. */
export interface ServeFlags extends LoadFlags, GenerateFlags, HistoryFlags {
  shareHistory?: boolean
  parallel?: number
  host: string
  port: number
  open?: boolean
  apiKey?: string[]
  apiKeyFile?: string
  corsOrigin?: string[]
  alias?: string
  metrics?: boolean
  slots?: boolean
  reasoningFormat?: 'none' | 'auto' | 'deepseek'
  chatTemplateKwargs?: Record<string, unknown>
  logPrompts?: boolean
  maxBody?: number
  maxPrompt?: number
  maxQueue?: number
  maxPerKey?: number
  rateLimit?: number
  queueTimeout?: number
  timeout?: number
  shutdownTimeout: number
  verbose?: boolean
}

/** Adds the flags of the server; those of loading and sampling are added by their own files. */
export function addServeFlags(command: Command): Command {
  return command
    .optionsGroup('Server:')
    .option('--parallel <n>', 'answers at once; each has its own context (default: 4)  [-np]', integer({ min: 1, max: 64 }))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port to listen on; 0 is any free one', integer({ min: 0, max: 65_535 }), 8080)
    .option('--open', 'other addresses than the loopback without a key: everybody who can reach it may use it')
    .addOption(new Option('--api-key <key>', 'key that clients must send; repeatable').argParser(several).env('OUROBOROS_API_KEY'))
    .option('--api-key-file <file>', 'keys, one a line')
    .option('--cors-origin <origin>', 'origin that browsers may call from; repeatable (default: none)', several)
    .option('-a, --alias <name>', 'name of the model in the API, and further ones behind commas (default: as given with --model)')
    .option('--metrics', 'serve /metrics for Prometheus')
    .option('--no-slots', 'do not tell at /slots what is answered')
    .addOption(
      new Option(
        '--reasoning-format <format>',
        'none: thoughts stay in the content; else they are reasoning_content (default: auto)',
      ).choices(['none', 'auto', 'deepseek']),
    )
    .option('--chat-template-kwargs <json>', 'variables of the chat template, e.g. {"enable_thinking":false}', jsonObject)
    .option('--log-prompts', 'write answers into the log as well')
    .option('--share-history', "all keys draft from one another's phrases: how fast an answer comes then tells what others asked")
    .optionsGroup('Limits:')
    .option('--max-body <bytes>', 'largest body (default: 4 MiB)', integer({ min: 1 }))
    .option('--max-prompt <n>', 'most tokens of a prompt (default: the context)', integer({ min: 1 }))
    .option('--max-queue <n>', 'answers that may wait for a slot (default: 64)', integer({ min: 0 }))
    .option('--max-per-key <n>', 'answers of one key at once (default: no limit)', integer({ min: 1 }))
    .option('--rate-limit <n>', 'requests of one key per minute (default: no limit)', integer({ min: 1 }))
    .option('--queue-timeout <s>', 'longest wait for a slot (default: 120)', real({ min: 0.001 }))
    .option('--timeout <s>', 'longest time of an answer, then it is cut (default: 600)  [-to]', real({ min: 0.001 }))
    .option('--shutdown-timeout <s>', 'after SIGTERM, how long answers may go on', real({ min: 0 }), 10)
}

/** The server's options for these flags. Throws `E_USAGE`, `E_FILE`. */
export function toListenOptions(flags: ServeFlags, log: Log): ListenOptions {
  const { method, ...defaults } = toGenerateOptions(flags)
  const keys = [...(flags.apiKey ?? []), ...keysOf(flags.apiKeyFile)]
  const [name, ...aliases] = (flags.alias ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  const limits = {
    bodyBytes: flags.maxBody,
    promptTokens: flags.maxPrompt,
    queued: flags.maxQueue,
    perKey: flags.maxPerKey,
    perMinute: flags.rateLimit,
    queueMs: flags.queueTimeout && flags.queueTimeout * 1000,
    answerMs: flags.timeout && flags.timeout * 1000,
  }
  return {
    host: flags.host,
    port: flags.port,
    model: name ?? nameOf(flags.model),
    ...(aliases.length > 0 && { aliases }),
    defaults: { ...defaults, ...(method && { method }), ...(flags.chatTemplateKwargs && { chatTemplateKwargs: flags.chatTemplateKwargs }) },
    limits: omitUndefined(limits),
    log,
    ...(flags.open && { open: true }),
    ...(keys.length > 0 && { apiKeys: keys }),
    ...(flags.corsOrigin && { corsOrigins: flags.corsOrigin }),
    ...(flags.metrics && { metrics: true }),
    ...(flags.slots === false && { slots: false }),
    ...(flags.reasoningFormat && { reasoningFormat: flags.reasoningFormat }),
    ...(flags.shareHistory && { shareHistory: true }),
    ...(flags.logPrompts && { logPrompts: true }),
  }
}

/** A catalog id as it is; of a file or repository, its last part without the ending. */
function nameOf(model: string): string {
  return (model.split(/[\\/]/).at(-1) as string).replace(/\.gguf$/i, '')
}

function keysOf(file: string | undefined): string[] {
  if (file === undefined) return []
  return readText(file)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // refused below
  }
  throw new InvalidArgumentError('Allowed: a JSON object, e.g. {"enable_thinking":false}')
}

function several(text: string, all: string[] = []): string[] {
  if (text.trim() === '') throw new InvalidArgumentError('Allowed: a text that is not empty')
  return [...all, text]
}

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ChatMessage } from '../../api/chat.ts'
import { OuroborosError } from '../../core/errors.ts'
import type { Measured } from '../sample.ts'

const completionSchema = z.object({
  content: z.string(),
  timings: z.object({
    prompt_n: z.number(),
    prompt_ms: z.number(),
    predicted_n: z.number(),
    predicted_ms: z.number(),
    cache_n: z.number().optional(),
    draft_n_accepted: z.number().optional(),
  }),
})

export interface PeerRequest {
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
}

const START_MS = 300_000
const ASK_AGAIN_MS = 100

/** A llama-server of our own on this machine, llama.cpp's or ik_llama.cpp's, asked over HTTP. */
export class LlamaServer implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #address: string
  readonly #signal: AbortSignal
  readonly #said: string[]

  /** Starts a server and waits until it answers. Throws `E_ENGINE` if it does not; the signal's reason when aborted. */
  static async start(program: string, name: string, args: (port: number) => readonly string[], signal: AbortSignal): Promise<LlamaServer> {
    const port = await freePort()
    // Ctrl-C at a terminal reaches a whole group: the server has one of its own, we end it.
    const options: SpawnOptions = { stdio: ['ignore', 'ignore', 'pipe'], detached: process.platform !== 'win32' }
    const child = spawn(program, args(port), options)
    const server = new LlamaServer(child, `http://127.0.0.1:${port}`, signal)
    try {
      await server.#ready(name)
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  private constructor(child: ChildProcess, address: string, signal: AbortSignal) {
    this.#process = child
    this.#address = address
    this.#signal = signal
    this.#said = []
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said.push(text)
      if (this.#said.length > 20) this.#said.shift()
    })
    child.on('error', (error) => this.#said.push(error.message))
    process.once('exit', this.#kill)
  }

  /** A conversation as the model's chat template has it. */
  async render(messages: readonly ChatMessage[]): Promise<string> {
    const answer = await this.#post('/apply-template', { messages })
    return z.object({ prompt: z.string() }).parse(answer).prompt
  }

  /** Continues a rendered prompt. The first token comes with the prompt, as in our own figures. */
  async complete(prompt: string, { maxTokens, temperature, seed }: PeerRequest): Promise<Measured> {
    // A prompt that lies in the cache is evaluated in another shape: the same request would not give the same text.
    const sampling = { temperature, seed, top_k: 0, top_p: 1, min_p: 0, cache_prompt: false }
    const { content, timings } = completionSchema.parse(await this.#post('/completion', { prompt, n_predict: maxTokens, ...sampling }))
    const { predicted_n: tokens, predicted_ms: decodedMs } = timings
    const decodedTokens = Math.max(0, tokens - 1)
    return {
      text: content,
      ids: null,
      promptTokens: timings.prompt_n + (timings.cache_n ?? 0),
      tokens,
      decodedTokens,
      decodedMs,
      tokensPerSecond: decodedMs > 0 ? (1000 * decodedTokens) / decodedMs : 0,
      promptMs: timings.prompt_ms,
      engineMs: null,
      // Each pass emits its accepted draft tokens and one more.
      targetPasses: tokens - (timings.draft_n_accepted ?? 0),
      draftPasses: null,
      histogram: null,
      widths: null,
      joules: null,
      rssBytes: residentBytes(this.#process.pid),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill)
    if (this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#kill()
    await gone
  }

  readonly #kill = () => void this.#process.kill('SIGKILL')

  async #ready(name: string): Promise<void> {
    const until = performance.now() + START_MS
    for (;;) {
      this.#signal.throwIfAborted()
      const healthy = await fetch(`${this.#address}/health`, { signal: this.#signal }).then(
        (response) => response.ok,
        () => false,
      )
      if (healthy) return
      const { pid, exitCode, signalCode } = this.#process
      const ended = pid === undefined ? 'no process' : (exitCode ?? signalCode)
      await sleep(ASK_AGAIN_MS) // its last lines may still be on their way
      if (ended !== null || performance.now() > until) {
        const what = ended === null ? 'does not answer' : `ended with ${ended}`
        throw new OuroborosError('E_ENGINE', `${name}: llama-server ${what}: ${this.#lastWords()}`)
      }
    }
  }

  #lastWords(): string {
    return this.#said.join('').trim().split('\n').slice(-3).join(' | ')
  }

  async #post(path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify(body), signal: this.#signal }
    const response = await fetch(`${this.#address}${path}`, request).catch((cause: Error) => {
      this.#signal.throwIfAborted()
      throw new OuroborosError('E_ENGINE', `llama-server does not answer ${path} any more: ${this.#lastWords()}`, { cause })
    })
    if (response.ok) return await response.json()
    throw new OuroborosError('E_ENGINE', `llama-server answered ${path} with ${response.status}: ${(await response.text()).slice(0, 300)}`)
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Linux only. */
function residentBytes(pid: number | undefined): number | null {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}

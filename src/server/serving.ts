import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Engine } from '../api/types.ts'
import { Admission } from './admission.ts'
import { ApiKeys } from './api-keys.ts'
import { Metrics } from './metrics.ts'
import { ApiError } from './openai-error.ts'
import { LIMITS, type Limits, type Log, type ServerOptions } from './options.ts'

const SILENT: Log = { info() {}, warn() {}, error() {} }

/** What all requests of a server share. */
export class Serving {
  readonly engine: Engine
  readonly options: ServerOptions
  readonly limits: Limits
  readonly model: string
  readonly version = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
  /** Unix seconds. */
  readonly created = Math.floor(Date.now() / 1000)
  readonly keys: ApiKeys
  readonly admission: Admission
  readonly metrics: Metrics
  readonly log: Log
  /** Aborted when the server has no more time: what runs is cut. */
  readonly cut = new AbortController()
  /** HTTP requests without a response yet. */
  requests = 0
  isStopping = false
  /** The engine's thread is gone: nothing will be answered any more. */
  isBroken = false

  constructor(engine: Engine, options: ServerOptions) {
    this.engine = engine
    this.options = options
    this.limits = { ...LIMITS, ...options.limits }
    this.model = options.model ?? basename(engine.facts.target.file, '.gguf')
    this.keys = new ApiKeys(options.apiKeys ?? [])
    this.admission = new Admission(engine.facts.sessions, this.limits)
    this.metrics = new Metrics(engine.facts, this.admission)
    this.log = options.log ?? SILENT
    setMaxListeners(0, this.cut.signal) // one for each request
  }

  /** What answers depend on besides the request. */
  get fingerprint(): string {
    return `ouroboros-${this.version}`
  }

  /** Whose phrases a client's requests use; undefined: the engine's own tenant's. */
  tenantOf(client: string): string | undefined {
    return this.options.shareHistory ? undefined : this.keys.tenant(client)
  }

  /** Throws where a request wants another model. */
  checkModel(name: string | null | undefined): void {
    if (!name || name === this.model || this.options.aliases?.includes(name)) return
    throw new ApiError(
      404,
      `the model ${JSON.stringify(name.slice(0, 100))} is not served here: this server has ${JSON.stringify(this.model)}`,
      {
        code: 'model_not_found',
        param: 'model',
      },
    )
  }
}

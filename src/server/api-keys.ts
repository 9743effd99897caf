import { createHash, timingSafeEqual } from 'node:crypto'

/** The keys that open the API. Compared in constant time, all of them: a clock tells nothing. */
export class ApiKeys {
  readonly #digests: readonly Buffer[]

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest)
  }

  /** Without keys everybody may come in. */
  get isOpen(): boolean {
    return this.#digests.length === 0
  }

  /** Name of the key in an `Authorization` header, for limits and logs; undefined: not a key. */
  client(authorization: string | undefined): string | undefined {
    if (this.isOpen) return 'anyone'
    const given = digest(/^Bearer +(.+)$/i.exec(authorization ?? '')?.[1]?.trim() ?? '')
    let found = -1
    for (const [i, known] of this.#digests.entries()) if (timingSafeEqual(known, given)) found = i
    return found < 0 ? undefined : `key-${found + 1}`
  }

  /** Whose phrases a client's requests may use: the key decides, nothing in a body. Undefined where there are no keys. */
  tenant(client: string): string | undefined {
    const key = this.#digests[Number(/^key-(\d+)$/.exec(client)?.[1]) - 1]
    return key && `key-${key.toString('hex').slice(0, 24)}`
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

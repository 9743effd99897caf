import type { Token } from '../core/token.ts'

/**
 * The tokens of a vocabulary as a tree of their bytes, in preorder: tokens that begin alike are read once, and a part that
 * is not allowed is skipped as a whole.
 */
export class TokenTrie {
  /** Per node: its byte, its depth (from 0), and the node behind its subtree. */
  readonly byte: Uint8Array
  readonly depth: Uint16Array
  readonly after: Int32Array
  /** Per node, where its tokens begin in `tokens`; they end where the next node's begin. */
  readonly first: Int32Array
  readonly tokens: Int32Array
  /** Tokens of the vocabulary. */
  readonly size: number
  readonly #pieces: readonly Uint8Array[]

  /** `piece` = a token's text as bytes; tokens without text are in no grammar. */
  constructor(size: number, piece: (token: Token) => Uint8Array) {
    this.size = size
    this.#pieces = Array.from({ length: size }, (_, token) => piece(token))
    const texts = this.#pieces.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    const order = texts.flatMap((text, token) => (text.length > 0 ? [token] : []))
    order.sort((a, b) => Buffer.compare(texts[a] as Buffer, texts[b] as Buffer) || a - b)
    const shared = order.map((token, i) => (i === 0 ? 0 : common(texts[order[i - 1] as number] as Buffer, texts[token] as Buffer)))
    const nodes = order.reduce((sum, token, i) => sum + (texts[token] as Buffer).length - (shared[i] as number), 0)
    this.byte = new Uint8Array(nodes)
    this.depth = new Uint16Array(nodes)
    this.after = new Int32Array(nodes)
    this.first = new Int32Array(nodes + 1)
    this.tokens = Int32Array.from(order)
    const open: number[] = []
    let node = 0
    for (const [i, token] of order.entries()) {
      const text = texts[token] as Buffer
      while (open.length > (shared[i] as number)) this.after[open.pop() as number] = node
      for (let depth = open.length; depth < text.length; depth++) {
        this.first[node] = i
        this.byte[node] = text[depth] as number
        this.depth[node] = depth
        open.push(node++)
      }
    }
    while (open.length > 0) this.after[open.pop() as number] = node
    this.first[node] = order.length
  }

  /** A token's bytes. */
  bytes(token: Token): Uint8Array {
    return this.#pieces[token] as Uint8Array
  }
}

function common(a: Uint8Array, b: Uint8Array): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

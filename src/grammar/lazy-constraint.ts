import type { Constraint } from '../core/sampling/sampler.ts'
import type { Token } from '../core/token.ts'

/**
 * A constraint that sleeps until the text has a mark in it, and is another one from there on. Asleep it forbids only tokens that
 * write the mark and more at once: what follows must begin at a token's beginning. Like every constraint it depends on the text
 * alone, so drafts change nothing.
 */
export class LazyConstraint implements Constraint {
  readonly #mark: string
  readonly #behind: Constraint
  readonly #piece: (token: Token) => Uint8Array
  /** The end of the text, shorter than the mark. */
  #tail = ''
  #awake: Constraint | undefined

  /** `mark`: ASCII. `behind`: what holds behind it. `piece`: a token's bytes. */
  constructor(mark: string, behind: Constraint, piece: (token: Token) => Uint8Array) {
    this.#mark = mark
    this.#behind = behind
    this.#piece = piece
  }

  allows(token: Token): boolean {
    if (this.#awake) return this.#awake.allows(token)
    const text = this.#with(token)
    const at = text.indexOf(this.#mark)
    return at < 0 || at + this.#mark.length === text.length
  }

  mask(row: Float32Array): void {
    if (this.#awake) this.#awake.mask(row)
    else for (let token = 0; token < row.length; token++) if (!this.allows(token)) row[token] = Number.NEGATIVE_INFINITY
  }

  accept(token: Token): void {
    if (this.#awake) {
      this.#awake.accept(token)
      return
    }
    const text = this.#with(token)
    if (text.endsWith(this.#mark)) this.#awake = this.#behind.fork()
    this.#tail = text.slice(Math.max(0, text.length - this.#mark.length + 1))
  }

  fork(): LazyConstraint {
    const fork = new LazyConstraint(this.#mark, this.#behind.fork(), this.#piece)
    fork.#tail = this.#tail
    fork.#awake = this.#awake?.fork()
    return fork
  }

  close(): void {
    this.#awake?.close()
    this.#behind.close()
  }

  /** The end of the text and this token, a character per byte. */
  #with(token: Token): string {
    return this.#tail + Buffer.from(this.#piece(token)).toString('latin1')
  }
}

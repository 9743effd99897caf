import type { RowMath } from '../core/logits-math.ts'
import type { Cache, ForwardInput, Logits, Model } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import type { NodeId, TokenTree } from '../core/token-tree.ts'
import type { DraftedToken, RecordedText } from './recording.ts'

/** What a recorded model says behind a text; `isKnown` false: not recorded, made up. */
export interface RecordedAnswer {
  readonly drafted: DraftedToken
  readonly isKnown: boolean
}

/** More than any recording has. */
const VOCABULARY = 2 ** 18

/** Answers from a recording, at once, and tells what each pass was. */
export class RecordedModel implements Model {
  readonly vocabSize = VOCABULARY
  readonly contextLength = 2 ** 16
  readonly maxBatch = 512
  readonly isRecurrent = false
  /** Rows that were read, and those of them that are not on record. */
  readonly rows = { read: 0, unknown: 0 }
  readonly #answer: (text: RecordedText, follows: readonly Token[]) => RecordedAnswer
  readonly #onPass: (tokens: number, context: number) => void

  /** `answer`: what stands behind a text's prompt and the tokens that follow it. */
  constructor(
    answer: (text: RecordedText, follows: readonly Token[]) => RecordedAnswer,
    onPass: (tokens: number, context: number) => void,
  ) {
    this.#answer = answer
    this.#onPass = onPass
  }

  open(): Cache {
    throw new Error('a recorded model answers on a text: use openText')
  }

  openText(text: RecordedText): Cache {
    return new RecordedCache(this, text)
  }

  forward(inputs: readonly ForwardInput[]): readonly Logits[] {
    this.#onPass(
      inputs.reduce((sum, { tree }) => sum + tree.size, 0),
      inputs[0]?.cache.length ?? 0,
    )
    return inputs.map(({ cache, tree }) => {
      const { text, tokens } = (cache as RecordedCache).begin(tree)
      const row = (node: NodeId) => {
        const { drafted, isKnown } = this.#answer(text, [...tokens, ...tree.tokensTo(node)].slice(text.prompt.length))
        this.rows.read++
        if (!isKnown) this.rows.unknown++
        return Float32Array.from(drafted)
      }
      return { row, argmax: (node) => ROW.argmax(row(node)), math: ROW }
    })
  }
}

class RecordedCache implements Cache {
  readonly model: Model
  readonly #text: RecordedText
  readonly #tokens: Token[] = []
  #pending: TokenTree | undefined

  constructor(model: Model, text: RecordedText) {
    this.model = model
    this.#text = text
  }

  get length(): number {
    return this.#tokens.length
  }

  begin(tree: TokenTree): { text: RecordedText; tokens: readonly Token[] } {
    this.#pending = tree
    return { text: this.#text, tokens: [...this.#tokens] }
  }

  commit(path: readonly NodeId[]): void {
    this.#tokens.push(...path.map((node) => (this.#pending as TokenTree).token(node)))
  }

  reachable(length: number): number {
    return length
  }

  checkpoint(): void {}

  adopt(): void {}

  rollback(length: number): void {
    this.#tokens.length = length
  }

  close(): void {}
}

/** The target: its text; behind a token that it did not write, what it wrote at that place. */
export function targetAnswer({ answer }: RecordedText, follows: readonly Token[]): RecordedAnswer {
  const at = Math.min(follows.length, answer.length - 1)
  return { drafted: [answer[at] as Token, 1, answer[at] as Token, 0], isKnown: follows.every((token, i) => token === answer[i]) }
}

/** What is said where nothing is on record: a token that never fits. */
const MADE_UP: RecordedAnswer = { drafted: [VOCABULARY - 1, 0.5, VOCABULARY - 1, 0], isKnown: false }

/** The draft model: along the target's text and along its own wrong turns; behind other tokens (wrong phrases, a lookahead window) nothing is on record. */
export function draftAnswer({ answer, draft, wrong }: RecordedText, follows: readonly Token[]): RecordedAnswer {
  const turn = follows.findIndex((token, i) => token !== answer[i])
  const at = turn < 0 ? follows.length : turn
  const own = draft[at]
  if (own === undefined || turn < 0) return own ? { drafted: own, isKnown: true } : MADE_UP
  const path = [own, ...(wrong[turn] ?? [])]
  const next = follows.slice(turn).every((token, i) => token === path[i]?.[0]) ? path[follows.length - turn] : undefined
  return next ? { drafted: next, isKnown: true } : MADE_UP
}

/** Rows are a `DraftedToken`; what the two choices leave is spread over so many others. */
const OTHERS = 64
const ROW: RowMath = {
  argmax: (row) => row[0] as Token,
  near: (row) => {
    const [first = 0, own = 0, second = 0, its = 0] = row
    const logitOf = (probability: number) => Math.log(Math.max(probability, 1e-9) / Math.max(own, 1e-3))
    const tokens = [first, second, ...Array<Token>(OTHERS).fill(0)]
    return { tokens, logits: [0, logitOf(its), ...Array<number>(OTHERS).fill(logitOf((1 - own - its) / OTHERS))], most: 0 }
  },
  top: (row) => [row[0] as Token],
  sums: () => Float64Array.of(1),
}

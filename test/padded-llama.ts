import { readFileSync } from 'node:fs'
import type { Cache, ForwardInput, Logits, Model, NodeId, Token, TokenTree } from '../src/core/index.ts'
import { logitsOf } from '../src/core/logits-math.ts'
import { readGguf } from '../src/models/gguf.ts'

/** A Llama layer's weights, row-major float32. */
type Weights = Record<
  'attn_norm' | 'attn_q' | 'attn_k' | 'attn_v' | 'attn_output' | 'ffn_norm' | 'ffn_gate' | 'ffn_up' | 'ffn_down',
  Float32Array
>

/** A token's keys and values in every layer. */
interface Cell {
  readonly keys: Float32Array[]
  readonly values: Float32Array[]
}

/**
 * A tiny Llama in plain TypeScript that treats a pad token as the recorded runs' harness did (transformers'
 * `_prepare_attention_mask_for_generation`, made anew at every round): pad tokens in the text so far are attended by nobody
 * and have no position of their own; what follows moves up. Cells keep the positions that they were computed with.
 * This is what the draft model of `test/golden` saw; an engine has no such rule, so the test brings its own model.
 */
export class PaddedLlama implements Model {
  readonly vocabSize: number
  readonly contextLength = 1024
  readonly maxBatch = 1024
  readonly isRecurrent = false
  readonly #pad: Token
  readonly #width: number
  readonly #heads: number
  readonly #epsilon: number
  readonly #base: number
  readonly #layers: Weights[]
  readonly #embedding: Float32Array
  readonly #outputNorm: Float32Array
  readonly #output: Float32Array
  #round: readonly boolean[] = []

  constructor(file: string, pad: Token) {
    const gguf = readGguf(file)
    const bytes = readFileSync(file)
    const start = gguf.bytes - Math.max(...gguf.tensors.map(({ offset, bytes }) => offset + bytes))
    const tensor = (name: string): Float32Array => {
      const found = gguf.tensors.find((one) => one.name === `${name}.weight`)
      if (!found) throw new Error(`no tensor ${name} in ${file}`)
      const at = bytes.byteOffset + start + found.offset
      return new Float32Array(bytes.buffer.slice(at, at + found.bytes))
    }
    const number = (key: string) => Number(gguf.metadata.get(`llama.${key}`))
    this.#pad = pad
    this.#width = number('embedding_length')
    this.#heads = number('attention.head_count')
    this.#epsilon = number('attention.layer_norm_rms_epsilon')
    this.#base = number('rope.freq_base')
    this.vocabSize = number('vocab_size')
    this.#embedding = tensor('token_embd')
    this.#outputNorm = tensor('output_norm')
    this.#output = tensor('output')
    const parts = ['attn_norm', 'attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_norm', 'ffn_gate', 'ffn_up', 'ffn_down'] as const
    this.#layers = Array.from(
      { length: number('block_count') },
      (_, i) => Object.fromEntries(parts.map((part) => [part, tensor(`blk.${i}.${part}`)])) as Weights,
    )
  }

  /** A round begins with this text: its pad tokens are masked until the next one. */
  beginRound(text: readonly Token[]): void {
    this.#round = text.map((token) => token !== this.#pad)
  }

  open(): Cache & { cells: Cell[]; pending: { tree: TokenTree; cells: Cell[] } | undefined } {
    const cache = {
      model: this,
      cells: [] as Cell[],
      pending: undefined as { tree: TokenTree; cells: Cell[] } | undefined,
      get length() {
        return this.cells.length
      },
      commit(path: readonly NodeId[]) {
        for (const node of path) this.cells.push(this.pending?.cells[node] as Cell)
        this.pending = undefined
      },
      reachable: (length: number) => length,
      checkpoint() {},
      adopt() {
        throw new Error('one text alone')
      },
      rollback(length: number) {
        this.cells.length = length
        this.pending = undefined
      },
      close() {},
    }
    return cache
  }

  forward(passes: readonly ForwardInput[]): readonly Logits[] {
    return passes.map(({ cache, tree }) => {
      const own = cache as ReturnType<PaddedLlama['open']>
      const { rows, cells } = this.#run(own.cells, tree)
      own.pending = { tree, cells }
      const row = (node: NodeId) => rows[node] as Float32Array
      return logitsOf(row)
    })
  }

  /** Whether the text's token at this index can be seen: only tokens of the round's first text can be masked. */
  #visible(index: number): boolean {
    return this.#round[index] ?? true
  }

  /** A visible token's position counts the visible ones before it; a masked one has position 1, as transformers fills in. */
  #position(index: number): number {
    if (!this.#visible(index)) return 1
    let count = 0
    for (let i = 0; i < index; i++) if (this.#visible(i)) count++
    return count
  }

  #run(committed: readonly Cell[], tree: TokenTree): { rows: Float32Array[]; cells: Cell[] } {
    const rows: Float32Array[] = []
    const cells: Cell[] = []
    // The pending text is a chain of unwanted nodes down to the root, the first wanted one; the rest hangs below it.
    let root = 0
    while (!tree.needsLogits(root)) root++
    const rootIndex = committed.length + root
    for (let node = 0; node < tree.size; node++) {
      const inText = node <= root
      const position = inText ? this.#position(committed.length + node) : this.#position(rootIndex) + tree.depth(node) - tree.depth(root)
      const visible: Cell[] = committed.filter((_, i) => this.#visible(i))
      for (const at of tree.path(node).slice(0, -1)) if (at > root || this.#visible(committed.length + at)) visible.push(cells[at] as Cell)
      const seesItself = !inText || this.#visible(committed.length + node)
      rows.push(this.#token(tree.token(node), position, visible, seesItself, cells))
    }
    return { rows, cells }
  }

  #token(token: Token, position: number, visible: readonly Cell[], seesItself: boolean, cells: Cell[]): Float32Array {
    const cell: Cell = { keys: [], values: [] }
    cells.push(cell)
    const seen = seesItself ? [...visible, cell] : visible
    let state: Float32Array = this.#embedding.slice(token * this.#width, (token + 1) * this.#width)
    for (const [i, layer] of this.#layers.entries()) {
      const normed = this.#norm(state, layer.attn_norm)
      const query = this.#rotate(multiply(layer.attn_q, normed), position)
      cell.keys.push(this.#rotate(multiply(layer.attn_k, normed), position))
      cell.values.push(multiply(layer.attn_v, normed))
      state = add(state, multiply(layer.attn_output, this.#attend(query, seen, i)))
      const inner = this.#norm(state, layer.ffn_norm)
      const gate = multiply(layer.ffn_gate, inner).map((value) => value / (1 + Math.exp(-value)))
      const up = multiply(layer.ffn_up, inner)
      state = add(
        state,
        multiply(
          layer.ffn_down,
          gate.map((value, j) => value * (up[j] as number)),
        ),
      )
    }
    return multiply(this.#output, this.#norm(state, this.#outputNorm))
  }

  #attend(query: Float32Array, seen: readonly Cell[], layer: number): Float32Array {
    const size = this.#width / this.#heads
    const out = new Float32Array(this.#width)
    for (let head = 0; head < this.#heads; head++) {
      const from = head * size
      const scores = seen.map(({ keys }) => dot(query, keys[layer] as Float32Array, from, size) / Math.sqrt(size))
      const most = Math.max(...scores)
      const weights = scores.map((score) => Math.exp(score - most))
      const total = weights.reduce((a, b) => a + b, 0)
      seen.forEach(({ values }, j) => {
        for (let k = from; k < from + size; k++)
          out[k] = (out[k] as number) + ((weights[j] as number) / total) * (values[layer]?.[k] as number)
      })
    }
    return out
  }

  /** Rotary positions on neighboring pairs, as GGUF's Llama files store them. */
  #rotate(vector: Float32Array, position: number): Float32Array {
    const size = this.#width / this.#heads
    return vector.map((value, i) => {
      const pair = Math.floor((i % size) / 2)
      const angle = position * this.#base ** ((-2 * pair) / size)
      const other = vector[i % 2 === 0 ? i + 1 : i - 1] as number
      return i % 2 === 0 ? value * Math.cos(angle) - other * Math.sin(angle) : value * Math.cos(angle) + other * Math.sin(angle)
    })
  }

  #norm(vector: Float32Array, weight: Float32Array): Float32Array {
    const mean = vector.reduce((sum, value) => sum + value * value, 0) / vector.length
    const scale = 1 / Math.sqrt(mean + this.#epsilon)
    return vector.map((value, i) => value * scale * (weight[i] as number))
  }
}

function multiply(matrix: Float32Array, vector: Float32Array): Float32Array {
  const rows = matrix.length / vector.length
  return Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0
    for (let i = 0; i < vector.length; i++) sum += (matrix[row * vector.length + i] as number) * (vector[i] as number)
    return sum
  })
}

function dot(a: Float32Array, b: Float32Array, from: number, size: number): number {
  let sum = 0
  for (let i = from; i < from + size; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

function add(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] as number))
}

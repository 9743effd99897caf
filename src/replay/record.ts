import { CachedSequence } from '../core/cached-sequence.ts'
import { topConfidence } from '../core/logits-math.ts'
import { drive, type Logits } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import { type NodeId, TokenTree } from '../core/token-tree.ts'
import type { LlamaModel } from '../llama/model.ts'
import { renderChat } from '../text/chat-template.ts'
import type { DraftedToken, RecordedText } from './recording.ts'

/** How far a wrong draft is followed: few are longer. */
const WRONG_TOKENS = 16
/** Answer tokens that the draft model reads per pass. */
const CHUNK = 32

/** Records one answer: the target's greedy text, and what the draft model, if there is one, says at every place of it. */
export function record(target: LlamaModel, draft: LlamaModel | undefined, task: string, message: string, maxTokens: number): RecordedText {
  const { vocabulary } = target
  const { endTokens } = vocabulary
  const prompt = vocabulary.tokenizeParts(renderChat(target, { messages: [{ role: 'user', content: message }] }).parts)
  const answer = withSequence(target, (sequence) =>
    greedy(sequence, prompt, maxTokens, (token) => endTokens.has(token)).map(([token]) => token),
  )
  if (!draft) return { task, prompt, answer, draft: [], wrong: {} }
  return withSequence(draft, (sequence) => {
    const drafted = predictions(sequence, prompt, answer)
    const wrong: Record<string, DraftedToken[]> = {}
    for (const [at, first] of drafted.entries()) {
      if (first[0] === answer[at] || endTokens.has(first[0])) continue
      const before = [...prompt, ...answer.slice(0, at), first[0]]
      wrong[at] = greedy(sequence, before, WRONG_TOKENS, (token) => endTokens.has(token))
    }
    return { task, prompt, answer, draft: drafted, wrong }
  })
}

function withSequence<T>(model: LlamaModel, use: (sequence: CachedSequence) => T): T {
  const sequence = new CachedSequence(model.open())
  try {
    return use(sequence)
  } finally {
    sequence.close()
  }
}

/** The model's own continuation of `prefix`. */
function greedy(sequence: CachedSequence, prefix: readonly Token[], most: number, isEnd: (token: Token) => boolean): DraftedToken[] {
  const tokens: DraftedToken[] = []
  while (tokens.length < most) {
    const drafted = next(sequence, [...prefix, ...tokens.map(([one]) => one)])
    tokens.push(drafted)
    if (isEnd(drafted[0])) break
  }
  return tokens
}

function next(sequence: CachedSequence, text: readonly Token[]): DraftedToken {
  const tree = TokenTree.chain(drive(sequence.catchUp(text)))
  const [logits] = sequence.cache.model.forward([{ cache: sequence.cache, tree }])
  if (!logits) throw new Error('a pass without logits')
  const best = choices(logits, tree.size - 1)
  sequence.commit(tree, tree.size - 1)
  return best
}

/** The model's first choice at each place of the answer, which it reads in chunks. */
function predictions(sequence: CachedSequence, prompt: readonly Token[], answer: readonly Token[]): DraftedToken[] {
  const found = [next(sequence, prompt)]
  for (let at = 0; at < answer.length - 1; at += CHUNK) {
    const tree = TokenTree.chain(answer.slice(at, Math.min(at + CHUNK, answer.length - 1)), () => true)
    const [logits] = sequence.cache.model.forward([{ cache: sequence.cache, tree }])
    for (let node = 0; logits && node < tree.size; node++) found.push(choices(logits, node))
    sequence.commit(tree, tree.size - 1)
  }
  return found
}

function choices({ math, row }: Logits, node: NodeId): DraftedToken {
  const { token, probability, runnerUp = { token, probability: 0 } } = topConfidence(math, row(node))
  return [token, rounded(probability), runnerUp.token, rounded(runnerUp.probability)]
}

function rounded(probability: number): number {
  return Math.round(probability * 1e4) / 1e4
}

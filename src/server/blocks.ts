import type { GenerationResult } from '../api/types.ts'
import { type AnswerPart, AnswerStream, type AnswerStreamOptions } from '../text/answer-stream.ts'
import type { WrittenCall } from '../text/tools/tool-call-stream.ts'
import type { Job } from './job.ts'

/** An answer as blocks of thoughts, text and calls, as Anthropic's messages and OpenAI's responses tell it. */
export type Block =
  | { readonly type: 'reasoning' | 'text'; readonly text: string }
  | { readonly type: 'call'; readonly call: WrittenCall; readonly text?: never }

export type BlockEvent =
  | { readonly event: 'open'; readonly index: number; readonly block: Block }
  | { readonly event: 'close'; readonly index: number; readonly block: Block }
  | { readonly event: 'delta'; readonly index: number; readonly block: Block; readonly delta: string }
  | { readonly event: 'end'; readonly blocks: readonly Block[]; readonly result: GenerationResult }

/** What happens to the only answer of a job: blocks open, grow and close one after the other. */
export async function* blocksOf(job: Job, options: AnswerStreamOptions): AsyncGenerator<BlockEvent, void, undefined> {
  const answer = new AnswerStream(options)
  const blocks: Block[] = []
  let isOpen = false
  const close = (): BlockEvent[] => {
    const block = isOpen ? blocks.at(-1) : undefined
    isOpen = false
    return block ? [{ event: 'close', index: blocks.length - 1, block }] : []
  }
  const open = (block: Block): BlockEvent => {
    isOpen = true
    return { event: 'open', index: blocks.push(block) - 1, block }
  }
  const hear = function* (part: AnswerPart): Generator<BlockEvent> {
    const last = blocks.at(-1)
    if (part.type === 'call') {
      yield* close()
      yield open(part)
      yield { event: 'delta', index: blocks.length - 1, block: part, delta: part.call.arguments }
      yield* close()
      return
    }
    if (!isOpen || last?.type !== part.type) {
      yield* close()
      yield open({ type: part.type, text: '' })
    }
    const block = { type: part.type, text: (blocks.at(-1)?.text ?? '') + part.text }
    blocks[blocks.length - 1] = block
    yield { event: 'delta', index: blocks.length - 1, block, delta: part.text }
  }
  for await (const { step, result } of job.events()) {
    for (const part of step ? answer.push(step.text) : answer.flush()) yield* hear(part)
    if (!result) continue
    yield* close()
    yield { event: 'end', blocks, result }
  }
}

/** A body in which the calls' arguments are the model's own text: as values they would lose digits. */
export function jsonWithCalls(body: object, blocks: readonly Block[]): string {
  const calls = new Map(blocks.flatMap((block) => (block.type === 'call' ? [[block.call.id, block.call.arguments]] : [])))
  return JSON.stringify(body).replace(/"arguments of (call_\w+)"/g, (text, id: string) => calls.get(id) ?? text)
}

/** Stands for a call's arguments until `jsonWithCalls`. */
export function argumentsOf(call: WrittenCall): string {
  return `arguments of ${call.id}`
}

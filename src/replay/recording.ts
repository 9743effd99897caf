import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { OuroborosError } from '../core/errors.ts'
import type { Token } from '../core/token.ts'

const probability = z.number().min(0).max(1)
/** A token of the draft model with its own probability, and its second choice with its own. */
const drafted = z.tuple([z.int().min(0), probability, z.int().min(0), probability])

const textSchema = z.strictObject({
  task: z.string().min(1),
  prompt: z.array(z.int().min(0)).min(1),
  /** The target's greedy answer. */
  answer: z.array(z.int().min(0)).min(1),
  /** What the draft model writes behind the prompt and the first n tokens of the answer. */
  draft: z.array(drafted),
  /** n → how the draft model goes on behind a first token that is not the target's. */
  wrong: z.record(z.string(), z.array(drafted)),
})

const recordingSchema = z.strictObject({
  version: z.literal(2),
  target: z.string(),
  draft: z.string(),
  endTokens: z.array(z.int().min(0)),
  texts: z.array(textSchema).min(1),
})

export type DraftedToken = z.infer<typeof drafted>
/** One prompt with its answer, and the draft model's word at every place of it. */
export type RecordedText = z.infer<typeof textSchema>
/** Answers of a pair of models. Tokens are renumbered: the file shows which are equal, not what they say. */
export type Recording = z.infer<typeof recordingSchema>

/** Reads a recording. Throws `E_FILE`. */
export function readRecording(file: string): Recording {
  let value: unknown
  try {
    value = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8'))
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot read the recording ${file}: ${(cause as Error).message}`, { cause })
  }
  const outcome = recordingSchema.safeParse(value)
  if (outcome.success) return outcome.data
  const [issue] = outcome.error.issues
  throw new OuroborosError('E_FILE', `${basename(file)} is no recording: ${issue?.path.join('.') || 'it'}: ${issue?.message}`)
}

/** Writes a recording, gzipped JSON. Throws `E_FILE`. */
export function writeRecording(file: string, recording: Recording): void {
  try {
    writeFileSync(file, gzipSync(JSON.stringify(renumbered(recording)), { level: 9 }))
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot write the recording ${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Tokens in the order in which they first appear. */
function renumbered(recording: Recording): Recording {
  const numbers = new Map<Token, Token>()
  const number = (token: Token): Token => {
    const number = numbers.get(token) ?? numbers.size
    numbers.set(token, number)
    return number
  }
  const all = (tokens: readonly DraftedToken[]): DraftedToken[] =>
    tokens.map(([token, own, second, its]) => [number(token), own, number(second), its])
  return {
    ...recording,
    endTokens: recording.endTokens.map(number),
    texts: recording.texts.map(({ task, prompt, answer, draft, wrong }) => ({
      task,
      prompt: prompt.map(number),
      answer: answer.map(number),
      draft: all(draft),
      wrong: Object.fromEntries(Object.entries(wrong).map(([at, tokens]) => [at, all(tokens)])),
    })),
  }
}

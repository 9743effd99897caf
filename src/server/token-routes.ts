import { type App, json, postRoute } from './app-types.ts'
import { ApiError } from './openai-error.ts'
import { detokenizeSchema, tokenizeSchema } from './request-schemas.ts'
import { textSchema, tokensSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'

/** Text to tokens and back, as llama.cpp has it. */
export function addTokenRoutes(app: App, { engine }: Serving): void {
  app.openapi(postRoute('/tokenize', 'Text to tokens', tokenizeSchema, { 200: json(tokensSchema, 'the tokens') }), async (c) => {
    const { content, with_pieces: withPieces, parse_special: special = true, add_special: bos = false } = c.req.valid('json')
    const tokens = await engine.tokenize(content, { special, bos })
    if (!withPieces) return c.json({ tokens }, 200)
    const pieces = await engine.pieces(tokens)
    return c.json({ tokens: tokens.map((id, i) => ({ id, piece: textOrBytes(pieces[i] ?? []) })) }, 200)
  })
  app.openapi(postRoute('/detokenize', 'Tokens to text', detokenizeSchema, { 200: json(textSchema, 'the text') }), async (c) => {
    const { tokens } = c.req.valid('json')
    const wrong = tokens.find((id) => id >= engine.facts.target.vocabSize)
    if (wrong !== undefined)
      throw new ApiError(400, `no such token in a vocabulary of ${engine.facts.target.vocabSize}: received ${wrong}`, { param: 'tokens' })
    return c.json({ content: await engine.detokenize(tokens) }, 200)
  })
}

/** A piece that is only part of a character is told in bytes. */
function textOrBytes(bytes: readonly number[]): string | number[] {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  } catch {
    return [...bytes]
  }
}

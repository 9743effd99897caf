import { type App, json, postRoute } from './app-types.ts'
import { ApiError } from './openai-error.ts'
import { detokenizeSchema, tokenizeSchema } from './request-schemas.ts'
import { textSchema, tokensSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'

/** Text to tokens and back, as llama.cpp has it. */
export function addTokenRoutes(app: App, { engine }: Serving): void {
  app.openapi(postRoute('/tokenize', 'Text to tokens', tokenizeSchema, { 200: json(tokensSchema, 'the tokens') }), async (c) => {
    const { content, with_pieces: withPieces } = c.req.valid('json')
    const tokens = await engine.tokenize(content)
    if (!withPieces) return c.json({ tokens }, 200)
    const pieces = await Promise.all(tokens.map((id) => engine.detokenize([id])))
    return c.json({ tokens: tokens.map((id, i) => ({ id, piece: pieces[i] as string })) }, 200)
  })
  app.openapi(postRoute('/detokenize', 'Tokens to text', detokenizeSchema, { 200: json(textSchema, 'the text') }), async (c) => {
    const { tokens } = c.req.valid('json')
    const wrong = tokens.find((id) => id >= engine.facts.target.vocabSize)
    if (wrong !== undefined)
      throw new ApiError(400, `no such token in a vocabulary of ${engine.facts.target.vocabSize}: received ${wrong}`, { param: 'tokens' })
    return c.json({ content: await engine.detokenize(tokens) }, 200)
  })
}

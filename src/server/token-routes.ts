import type { GenerateRequest } from '../api/types.ts'
import { type App, json, postRoute } from './app-types.ts'
import { withExactArguments, withExactInputs } from './exact-arguments.ts'
import { countTokensSchema } from './messages-schemas.ts'
import { messagesToChat } from './messages-to-chat.ts'
import { ApiError } from './openai-error.ts'
import { type ChatBody, chatSchema, detokenizeSchema, tokenizeSchema } from './request-schemas.ts'
import { countSchema, promptSchema, textSchema, tokensSchema } from './response-schemas.ts'
import type { Serving } from './serving.ts'
import { chatRequests } from './to-request.ts'

/** Text to tokens and back, and conversations to prompts, as llama.cpp has it. */
export function addTokenRoutes(app: App, serving: Serving): void {
  const { engine } = serving
  const rendered = (body: ChatBody) => engine.render(chatRequests(body, serving.options.defaults ?? {})[0] as GenerateRequest)
  app.openapi(
    postRoute('/apply-template', 'A conversation as the model reads it', chatSchema, { 200: json(promptSchema, 'the prompt') }),
    async (c) => {
      const { text } = await rendered(withExactArguments(c.req.valid('json'), await c.req.text()))
      return c.json({ prompt: text }, 200)
    },
  )
  const count = { 200: json(countSchema, 'the prompt’s length') }
  app.openapi(postRoute('/v1/chat/completions/input_tokens', 'Tokens of a conversation', chatSchema, count), async (c) => {
    const { tokens } = await rendered(withExactArguments(c.req.valid('json'), await c.req.text()))
    return c.json({ input_tokens: tokens.length }, 200)
  })
  app.openapi(postRoute('/v1/messages/count_tokens', 'The same, in Anthropic’s form', countTokensSchema, count), async (c) => {
    const given = c.req.valid('json')
    const body = withExactInputs({ ...given, max_tokens: given.max_tokens ?? 1 }, await c.req.text())
    const { tokens } = await rendered(messagesToChat(body))
    return c.json({ input_tokens: tokens.length }, 200)
  })
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

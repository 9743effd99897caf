import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type PieceSource, TextStream } from '../../src/text/text-stream.ts'

/** Tokens are indices of byte pieces. */
class BytePieces implements PieceSource {
  readonly #pieces: readonly Uint8Array[]
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces
  }

  push(token: number): string {
    return this.#decoder.decode(this.#pieces[token], { stream: true })
  }

  flush(): string {
    return this.#decoder.decode()
  }
}

/** What a stream gives out per token, and at the end. */
function give(pieces: readonly (string | Uint8Array)[], stops: readonly string[] = []) {
  const bytes = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))
  const stream = new TextStream(new BytePieces(bytes), stops)
  const given: string[] = []
  for (let token = 0; token < bytes.length && !stream.stopped; token++) given.push(stream.push(token).safe)
  return { given, rest: stream.flush(), text: stream.text, stopped: stream.stopped }
}

/** The plain definition: character by character, until a stop string is complete. */
function cut(text: string, stops: readonly string[]): string {
  for (let end = 1; end <= text.length; end++) {
    const starts = stops.filter((stop) => text.slice(0, end).endsWith(stop)).map((stop) => end - stop.length)
    if (starts.length > 0) return text.slice(0, Math.min(...starts))
  }
  return text
}

/** Cuts bytes at the given places, modulo their number. */
function split(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const borders = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...borders].map((start, i) => bytes.subarray(start, borders[i] ?? bytes.length))
}

describe('characters', () => {
  test('halves of a character are held until it is whole', () => {
    const [a, b, c, d] = Buffer.from('🦩')
    const { given, rest } = give([Buffer.of(a as number), Buffer.of(b as number, c as number), Buffer.of(d as number), '!'])
    expect(given).toEqual(['', '', '🦩', '!'])
    expect(rest).toBe('')
  })

  test('a character that is cut off at the end is one replacement character', () => {
    expect(give(['x', Buffer.from('é').subarray(0, 1)])).toMatchObject({ given: ['x', ''], rest: '\ufffd', text: 'x\ufffd' })
  })

  test('any text in any pieces comes out whole, in well-formed parts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat()), (text, places) => {
        const { given, text: all } = give(split(Buffer.from(text), places))
        for (const part of given) expect(Buffer.from(part).toString()).toBe(part)
        expect(all).toBe(text)
      }),
    )
  })
})

describe('stop strings', () => {
  test('text before the stop is given out, the stop is not', () => {
    expect(give(['one', ' two', ' three'], [' two'])).toMatchObject({ given: ['one', ''], text: 'one', stopped: true })
  })

  test('a stop across token borders', () => {
    expect(give(['a E', 'N', 'D b'], ['END'])).toMatchObject({ given: ['a ', '', ''], text: 'a ', stopped: true })
  })

  test('a false start is given out once it cannot become a stop', () => {
    expect(give(['a', 'EN', 'EN', 'x'], ['END'])).toMatchObject({ given: ['a', '', 'EN', 'ENx'], stopped: false })
  })

  test('what is held back comes at the end', () => {
    expect(give(['aEN'], ['END'])).toMatchObject({ given: ['a'], rest: 'EN', text: 'aEN', stopped: false })
  })

  test('of several, the one that is complete first; of two that end together, the longer', () => {
    expect(give(['abcd'], ['abcd', 'bc']).text).toBe('a')
    expect(give(['xabc'], ['bc', 'abc']).text).toBe('x')
  })

  test('a stop at the very beginning leaves nothing', () => {
    expect(give(['\n\n', 'x'], ['\n'])).toMatchObject({ given: [''], text: '', stopped: true })
  })

  test('anywhere, in any pieces: the text is cut at the same place, and nothing given out is taken back', () => {
    const letter = fc.constantFrom('a', 'b', 'é', '🦩')
    const text = fc.string({ unit: letter, maxLength: 30 })
    const stops = fc.array(fc.string({ unit: letter, minLength: 1, maxLength: 4 }), { maxLength: 3 })
    fc.assert(
      fc.property(text, stops, fc.array(fc.nat()), (text, stops, places) => {
        const { given, rest, text: all, stopped } = give(split(Buffer.from(text), places), stops)
        expect(given.join('') + rest).toBe(all)
        expect(all).toBe(cut(text, stops))
        expect(stopped).toBe(stops.some((stop) => text.includes(stop)))
      }),
      { numRuns: 1000 },
    )
  })
})

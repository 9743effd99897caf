import fc from 'fast-check'
import { expect, it } from 'vitest'
import { asMarks, textSlices } from '../../src/llama/text-slices.ts'

const MARKS = ['<|im_start|>', '<|im_end|>', '\n\n', '\n', '<a>', '<a><b>']
const marks = asMarks(MARKS)

it('any text is cut into parts that are all of it, have short words, few marks and whole characters', () => {
  const part = fc.oneof(
    fc.constantFrom('a', ' ', '\n', 'é', '😀', '漢', '1', '!', '<|im_end|>', '<a>', '<a><b>', '<|im_'),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
  )
  const long = fc.tuple(part, fc.constantFrom(1, 2, 700, 1499, 1501, 3300)).map(([one, times]) => one.repeat(times))
  fc.assert(
    fc.property(fc.array(long, { maxLength: 5 }), fc.boolean(), (parts, cutsWords) => {
      const text = parts.join('')
      const slices = textSlices(text, () => marks, cutsWords)
      expect(slices.join('')).toBe(text)
      for (const slice of slices) {
        expect(slice.isWellFormed() || !text.isWellFormed()).toBe(true)
        if (cutsWords) expect(/\S{1530}|\s{1530}/.test(slice)).toBe(false)
        expect(slice.split(/<\|im_end\|>|\n\n|\n|<a>/).length).toBeLessThan(2100)
      }
      // No mark is cut in two.
      const words = (texts: readonly string[]) => texts.flatMap((one) => one.match(/<\|im_start\|>|<\|im_end\|>/g) ?? []).length
      expect(words(slices)).toBe(words([text]))
    }),
    { numRuns: 100 },
  )
})

it('a word goes on behind marks', () => {
  const text = ` ${'<a>'.repeat(499)}${'!'.repeat(1500)}`
  expect(
    Math.max(
      ...textSlices(text, () => marks, true)
        .flatMap((slice) => slice.match(/\S+/g) ?? [])
        .map((word) => word.length),
    ),
  ).toBeLessThan(1530)
})

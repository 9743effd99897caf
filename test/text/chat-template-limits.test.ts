import { expect, it, test } from 'vitest'
import { OuroborosError } from '../../src/core/errors.ts'
import { renderChat } from '../../src/text/chat-template.ts'
import { withinTime } from '../../src/text/time-limit.ts'

const vocabulary = { bos: -1, eos: -1, marks: [], spelling: () => '' }
const render = (chatTemplate: string) =>
  renderChat({ file: 'model.gguf', chatTemplate, vocabulary }, { messages: [{ role: 'user', content: 'Hi' }] })

test.each([
  ['does not end', '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}', 'takes more than 2000 ms'],
  ['calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', 'refuses this conversation'],
  ['writes without end', `{% set x = "abcdefgh" %}${'{% set x = x + x %}'.repeat(40)}{{ x }}`, 'the chat template'],
  ['is nested', `${'('.repeat(20_000)}`.replace(/^/, '{{ '), 'refuses this conversation'],
  ['is nested in blocks', '{% if true %}'.repeat(5000) + '{% endif %}'.repeat(5000), ''],
])('a template that %s is given up', (_, template, why) => {
  try {
    render(template)
  } catch (error) {
    expect(error).toBeInstanceOf(OuroborosError)
    expect(error).toMatchObject({ code: 'E_PROMPT', message: expect.stringContaining(why) })
    return
  }
  expect(why).toBe('')
})

it('what it shows may be nested too deep', () => {
  let deep: unknown = 1
  for (let i = 0; i < 30_000; i++) deep = { a: deep }
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const tools = [{ name: 'f', parameters: deep as Record<string, unknown> }]
  for (const chat of [
    { messages, tools },
    { messages, chatTemplateKwargs: deep as Record<string, unknown> },
  ])
    expect(() => renderChat({ file: 'model.gguf', chatTemplate: '{{ tools }}', vocabulary }, chat)).toThrow(
      expect.objectContaining({ code: 'E_PROMPT', message: expect.stringContaining('nested too deep') }),
    )
})

it('ends what takes too long, and passes on results and errors', () => {
  const late = () => new Error('late')
  expect(withinTime(100, () => 7, late)).toBe(7)
  expect(() =>
    withinTime(
      100,
      () => {
        throw new RangeError('own')
      },
      late,
    ),
  ).toThrow(new RangeError('own'))
  expect(() =>
    withinTime(
      20,
      () => {
        for (;;);
      },
      late,
    ),
  ).toThrow('late')
  expect(withinTime(100, () => 8, late)).toBe(8)
})

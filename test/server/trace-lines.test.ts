import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readTrace, writeTrace } from '../../src/server/playground/trace-lines.ts'

const example = readFileSync(new URL('../../src/server/playground/example.jsonl', import.meta.url), 'utf8')

test('what is read and written again is the same', () => {
  const { start, steps, finish } = readTrace(example)
  expect(steps.length).toBeGreaterThan(10)
  const kept = steps.map(({ tokens, trace }, i) => ({
    number: i + 1,
    ms: 0,
    length: tokens.length,
    pieces: tokens,
    ...(trace && { trace: trace as never }),
  }))
  const again = readTrace(writeTrace(start, kept, finish))
  expect(again.steps.map(({ text, trace }) => ({ text, trace }))).toEqual(steps.map(({ text, trace }) => ({ text, trace })))
  expect([again.start, again.finish]).toEqual([start, finish])
})

test('half a last line is left out, anything else that is wrong is named', () => {
  const lines = example.trimEnd().split('\n')
  expect(readTrace([...lines.slice(0, 4), lines[4]?.slice(0, 30)].join('\n')).steps).toHaveLength(3)
  expect(() => readTrace('')).toThrow('start line')
  expect(() => readTrace('{"a":1}\n{}')).toThrow('line 1')
  expect(() => readTrace([lines[0], '{"type":"step"}', lines[1]].join('\n'))).toThrow('line 2')
})

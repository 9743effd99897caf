import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { readPrompts } from '../../src/bench/prompts.ts'
import { findTasks, type Task, taskNames } from '../../src/bench/task.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-data-'))
afterAll(() => rmSync(folder, { recursive: true }))
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
const write = (name: string, rows: readonly unknown[]) => writeFileSync(join(folder, name), lines(rows))
const task = (name: string) => findTasks(name)[0] as Task

write('mbpp.jsonl', [{ text: 'Add two numbers.', test_list: ['assert add(1, 2) == 3', 'assert add(0, 0) == 0'], task_id: 11 }])
write(
  'gsm8k.jsonl',
  [1, 2, 3, 4].map((n) => ({ question: `How much is ${n} + 1?`, answer: '' })),
)
writeFileSync(join(folder, 'HumanEval.jsonl.gz'), gzipSync(lines([{ task_id: 'HumanEval/0', prompt: 'def one():\n' }])))
write('question.jsonl', [
  { question_id: 81, category: 'writing', turns: ['Write a poem.', 'Again.'] },
  { question_id: 241, category: 'summarization', turns: ['Summarize: it rains.'] },
  { question_id: 161, category: 'translation', turns: ['Translate German to English: Ja'] },
  { question_id: 82, category: 'writing', turns: ['Write a letter.'] },
])

describe('the data sets’ own files', () => {
  it('HumanEval: the function to complete; a compressed file is read too', () => {
    expect(readPrompts(folder, task('humaneval'), 5).measured).toEqual([
      ['Complete the following Python function. Answer with the code only.\n```python\ndef one():\n```'],
    ])
  })

  it('MBPP: the text and its tests; GSM8K: the question', () => {
    expect(readPrompts(folder, task('mbpp'), 1).measured).toEqual([
      ['Add two numbers.\nYour code should pass these tests:\nassert add(1, 2) == 3\nassert add(0, 0) == 0'],
    ])
    expect(readPrompts(folder, task('gsm8k'), 1).measured).toEqual([['How much is 1 + 1?\nThink step by step.']])
  })

  it('Spec-Bench: a category’s questions, turn by turn, CNN/DM and WMT among them', () => {
    expect(readPrompts(folder, task('cnndm'), 5).measured).toEqual([['Summarize: it rains.']])
    expect(readPrompts(folder, task('wmt'), 5).measured).toEqual([['Translate German to English: Ja']])
    for (const name of ['writing', 'specbench:writing'])
      expect(readPrompts(folder, task(name), 5).measured).toEqual([['Write a poem.', 'Again.'], ['Write a letter.']])
  })

  it('specbench is a task per category', () => {
    const all = findTasks('specbench').map(({ name }) => name)
    expect(all).toContain('roleplay')
    expect(new Set(all).size).toBe(all.length)
    expect(taskNames).toEqual(expect.arrayContaining(['humaneval', 'specbench', ...all]))
  })

  it('keeps what is tuned on apart from what is measured: later prompts, else other categories', () => {
    const { measured, others } = readPrompts(folder, task('gsm8k'), 3)
    expect([measured.length, others]).toEqual([3, ['How much is 4 + 1?\nThink step by step.']])
    expect(readPrompts(folder, task('writing'), 1).others).toEqual(['Write a letter.'])
    expect(readPrompts(folder, task('wmt'), 1).others).toEqual(['Write a poem.', 'Summarize: it rains.', 'Write a letter.'])
  })
})

describe('what is wrong is named', () => {
  it('a task that is not known, with those that are', () => {
    expect(() => findTasks('humanevil')).toThrow(/received humanevil, known are humaneval, mbpp/)
  })

  it('a folder or a file that is not there, with the names that would do', () => {
    expect(() => readPrompts(join(folder, 'none'), task('mbpp'), 1)).toThrow(/no such folder of data sets: received --data/)
    const empty = mkdtempSync(join(tmpdir(), 'bench-empty-'))
    expect(() => readPrompts(empty, task('humaneval'), 1)).toThrow(/no file for humaneval: put humaneval.jsonl or HumanEval.jsonl there/)
    rmSync(empty, { recursive: true })
  })

  it('a line that is no row, by its number; a category without rows', () => {
    const other = mkdtempSync(join(tmpdir(), 'bench-wrong-'))
    writeFileSync(join(other, 'gsm8k.jsonl'), `${JSON.stringify({ question: 'How?' })}\nnot JSON\n`)
    expect(() => readPrompts(other, task('gsm8k'), 1)).toThrow(/gsm8k.jsonl line 2 is not a JSON object/)
    writeFileSync(join(other, 'mbpp.jsonl'), lines([{ text: 'no tests' }]))
    expect(() => readPrompts(other, task('mbpp'), 1)).toThrow(/mbpp.jsonl line 1 is no row of mbpp: fields are missing/)
    rmSync(other, { recursive: true })
    expect(() => readPrompts(folder, task('rag'), 1)).toThrow(/no row has the category rag/)
  })
})

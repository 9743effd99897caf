import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { OuroborosError } from '../core/errors.ts'
import type { Question, Task } from './task.ts'

/** A task's prompts, split so that nothing is tuned on what is measured. */
export interface PromptSet {
  /** The first rows of the task. */
  readonly measured: readonly Question[]
  /** First turns of the rows behind them; where there are none, of the file's other categories. */
  readonly others: readonly string[]
}

/** Reads a task's prompts from the data set's own file in `folder`. Throws `E_FILE`. */
export function readPrompts(folder: string, task: Task, count: number): PromptSet {
  const file = findFile(folder, task)
  const rows = readRows(file)
  const toQuestion = (row: Row) => {
    const question = task.question(row.value)
    if (question === undefined) throw new OuroborosError('E_FILE', `${file} line ${row.line} is no row of ${task.name}: fields are missing`)
    return question
  }
  const isOurs = (row: Row) => task.category === undefined || row.value.category === task.category
  const ours = rows.filter(isOurs).map(toQuestion)
  if (ours.length === 0) throw new OuroborosError('E_FILE', `${file} has no prompts for ${task.name}${categoryNote(task)}`)
  const behind = ours.slice(count)
  const others = behind.length > 0 ? behind : rows.filter((row) => !isOurs(row)).map(toQuestion)
  return { measured: ours.slice(0, count), others: others.map(([first]) => first) }
}

interface Row {
  readonly line: number
  readonly value: Record<string, unknown>
}

function findFile(folder: string, task: Task): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new OuroborosError('E_FILE', `no such folder of data sets: received --data ${folder}`)
  }
  const names = task.files.flatMap((name) => [name, `${name}.gz`])
  const found = names.map((name) => join(folder, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new OuroborosError('E_FILE', `${folder} has no file for ${task.name}: put ${task.files.join(' or ')} there (.gz works too)`)
}

function readRows(file: string): Row[] {
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    try {
      const value = JSON.parse(line)
      if (typeof value === 'object' && value !== null) return [{ line: i + 1, value }]
    } catch {}
    throw new OuroborosError('E_FILE', `${file} line ${i + 1} is not a JSON object: one row a line is expected`)
  })
}

function categoryNote({ category }: Task): string {
  return category === undefined ? '' : `: no row has the category ${category}`
}

// Benchmark prompts from the data sets' own file formats, one chat message each.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const TASKS = {
  humaneval: [
    'humaneval.jsonl',
    (row) => `Complete the following Python function. Answer with the code only.\n\`\`\`python\n${row.prompt}\`\`\``,
  ],
  mbpp: ['mbpp.jsonl', (row) => `${row.text}\nYour code should pass these tests:\n${row.test_list.join('\n')}`],
  gsm8k: ['gsm8k.jsonl', (row) => `${row.question}\nThink step by step.`],
  cnndm: ['specbench.jsonl', (row) => row.turns[0], 'summarization'],
  wmt: ['specbench.jsonl', (row) => row.turns[0], 'translation'],
  writing: ['specbench.jsonl', (row) => row.turns[0], 'writing'],
  roleplay: ['specbench.jsonl', (row) => row.turns[0], 'roleplay'],
}

export const taskNames = Object.keys(TASKS)

/** The first `count` prompts of a task. */
export function prompts(folder, task, count) {
  const entry = TASKS[task]
  if (!entry) throw new Error(`no such task: received ${task}, known are ${taskNames.join(', ')}`)
  const [file, toPrompt, category] = entry
  return readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((row) => !category || row.category === category)
    .slice(0, count)
    .map(toPrompt)
}

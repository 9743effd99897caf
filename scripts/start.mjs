// `npm start`: everything from a fresh clone to a first answer, plain and fast. Arguments go to `ouroboros run`.
import { prepare, prepareKernels, ROOT, run } from './prepare.mjs'

const PROMPT = 'Write a Python function that merges two sorted lists, then the same function for linked lists.'
const NEXT = [
  ['run', 'a chat; with a prompt, one answer'],
  ['run --compare "PROMPT"', 'your prompt, plain and fast'],
  ['playground', 'see it work, in the browser'],
  ['serve', 'an OpenAI-compatible server'],
]

prepare()
await prepareKernels()
const chosen = process.argv.slice(2)
const args = ['run', '--compare', '--predict', '96', ...(chosen.length > 0 ? chosen : [PROMPT])]
run(process.execPath, [`${ROOT}/dist/cli/main.js`, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
console.log(`\nGo on with:\n${NEXT.map(([command, what]) => `  node dist/cli/main.js ${command.padEnd(24)}${what}`).join('\n')}`)

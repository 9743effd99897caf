// `npm start`: everything from a fresh clone to a first answer. Arguments go to `ouroboros run`.
import { prepare, ROOT, run } from './prepare.mjs'

prepare()
const chosen = process.argv.slice(2)
const prompt = 'Write a Python function that merges two sorted lists, then the same function for linked lists.'
const args = ['run', '--compare', '--predict', '160', ...(chosen.length > 0 ? chosen : [prompt])]
run(process.execPath, [`${ROOT}/dist/cli/main.js`, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })

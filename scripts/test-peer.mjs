// llama.cpp's own server tests against `ouroboros serve`, with the small model. Their sources come in an npm package; Python's clients
// go into a temporary folder. Names of test files run only these: npm run test:peer -- test_basic.py
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchLlamaSource, LLAMA_SOURCE } from '../dist/builds/llama-source.js'
import { ROOT } from './prepare.mjs'

const PACKAGES = ['pytest', 'pytest-timeout', 'requests', 'openai', 'filelock', 'wget']
const PEER = join(ROOT, 'test/peer')
const RESULTS = join(PEER, 'results.json')
const rules = JSON.parse(readFileSync(join(PEER, 'rules.json'), 'utf8'))

const kept = process.env.OUROBOROS_PEER_FOLDER
const folder = kept ?? mkdtempSync(join(tmpdir(), 'ouroboros-peer-'))
const python = join(folder, 'python', ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
try {
  if (!existsSync(python)) install()
  const source = join(folder, 'source')
  if (!existsSync(source)) await fetchLlamaSource(folder, { signal: new AbortController().signal })
  const tests = join(source, 'tools/server/tests')
  const changed = edit(tests)
  const files = readdirSync(join(tests, 'unit')).filter((name) => name.startsWith('test_') && name.endsWith('.py'))
  const wanted = process.argv.slice(2)
  const isWanted = (name) => wanted.length === 0 || wanted.some((one) => one.split('::')[0] === name)
  const outcomes = join(folder, 'outcomes.json')
  for (const name of files.filter((name) => isWanted(name) && !(name in rules.files))) {
    const only = wanted.filter((one) => one.startsWith(`${name}::`))
    const targets = only.length > 0 ? only : [name]
    rmSync(outcomes, { force: true })
    spawnSync(python, ['-m', 'pytest', '-p', 'ouroboros_peer', '-q', '--timeout=120', ...targets.map((one) => `unit/${one}`)], {
      cwd: tests,
      stdio: 'inherit',
      env: {
        ...process.env,
        PYTHONPATH: `${PEER}:${tests}`,
        LLAMA_SERVER_BIN_PATH: join(PEER, 'llama-server.mjs'),
        PEER_RULES: join(PEER, 'rules.json'),
        PEER_RESULTS: outcomes,
        PORT: process.env.PORT ?? '18080',
      },
    })
    if (!existsSync(outcomes)) throw new Error(`${name} was not run`)
    keep(JSON.parse(readFileSync(outcomes, 'utf8')))
  }
  keep(Object.fromEntries(files.filter((name) => name in rules.files).map((name) => [`unit/${name}`, foreign(tests, name)])))
  if (changed) process.stdout.write(`${changed} places of the tests were changed\n`)
} finally {
  if (!kept) rmSync(folder, { recursive: true, force: true })
}
const { passed, failed } = table()
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = passed >= 9 * failed ? 0 : 1

function install() {
  const run = (command, args) => spawnSync(command, args, { stdio: 'inherit' }).status === 0
  const made = run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', join(folder, 'python')])
  if (!made || !run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]))
    throw new Error('Python 3 with venv and pip is needed, and its registry')
}

/** Makes the edits; how many places were changed. A text that is not there is an error: the tests are others than the rules are for. */
function edit(tests) {
  let places = 0
  const mark = join(tests, 'edited')
  if (existsSync(mark)) return 0
  for (const { file, find, put } of rules.edits) {
    const path = join(tests, 'unit', file)
    const parts = readFileSync(path, 'utf8').split(find)
    if (parts.length === 1) throw new Error(`${file} does not have ${JSON.stringify(find)}`)
    places += parts.length - 1
    writeFileSync(path, parts.join(put))
  }
  writeFileSync(mark, '')
  return places
}

function foreign(tests, name) {
  const count = readFileSync(join(tests, 'unit', name), 'utf8').match(/^(async )?def test_/gm)?.length ?? 0
  return { outcome: 'not applicable', reason: rules.files[name], tests: count }
}

/** Puts outcomes among those of other runs. */
function keep(outcomes) {
  const known = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')).tests : {}
  const all = Object.entries({
    ...known,
    ...Object.fromEntries(Object.entries(outcomes).map(([id, one]) => [id.replace(/^unit\//, ''), one])),
  })
  const about = `llama.cpp's server tests, of ${LLAMA_SOURCE.name} ${LLAMA_SOURCE.version}, against ouroboros serve with SmolLM2-135M`
  const tests = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(RESULTS, `${JSON.stringify({ about, tests }, null, 2)}\n`)
}

/** Writes docs/peer-tests.md from the results. */
function table() {
  const { tests } = JSON.parse(readFileSync(RESULTS, 'utf8'))
  const all = Object.entries(tests)
  const of = (outcome, file = '') => all.filter(([id, one]) => one.outcome === outcome && id.startsWith(file))
  const count = (some) => some.reduce((sum, [, { tests: several = 1 }]) => sum + several, 0)
  const files = [...new Set(all.map(([id]) => id.split('::')[0]))]
  const rows = files.map((file) => {
    const numbers = ['passed', 'failed', 'not applicable'].map((outcome) => count(of(outcome, file)))
    return `| \`${file}\` | ${numbers.join(' | ')} |`
  })
  const [passed, failed, rest] = ['passed', 'failed', 'not applicable'].map((outcome) => count(of(outcome)))
  const refused = count(of('not applicable').filter(([, { reason }]) => reason.includes('refused')))
  const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('{', '&#123;')
  const reasons = new Map()
  for (const [id, { reason, tests: several = 1 }] of of('not applicable')) {
    const one = reasons.get(reason) ?? { tests: 0, names: new Set() }
    one.tests += several
    reasons.set(reason, { tests: one.tests, names: one.names.add(id.split('[')[0].split('::').at(-1)) })
  }
  const lines = [
    '# llama.cpp’s own tests',
    '',
    '`npm run test:peer` runs the tests of llama.cpp’s server (`tools/server/tests`, in the sources that `node-llama-cpp` carries) against',
    '`ouroboros serve`; a small adapter (`test/peer/llama-server.mjs`) takes the flags of `llama-server`. The tests download models that this',
    'project does not have, so SmolLM2-135M answers: what they compare with the other model’s text and token counts is not compared. All',
    'outcomes are in `test/peer/results.json`, the reasons and the few changed lines in `test/peer/rules.json`. This page is generated.',
    '',
    `Of ${passed + failed} applicable tests ${passed} pass (${((100 * passed) / (passed + failed)).toFixed(1)} %); ${rest} are not applicable.`,
    `${refused} of these ask for what this server refuses on purpose or does not do yet: with them as failures it is ${passed} of ${passed + failed + refused}.`,
    '',
    '| file | passed | failed | not applicable |',
    '|---|---|---|---|',
    ...rows,
    `| all | ${passed} | ${failed} | ${rest} |`,
    '',
    '## Failed',
    '',
    '| test | |',
    '|---|---|',
    ...of('failed').map(([id, { reason }]) => `| \`${cell(id)}\` | ${cell(reason)} |`),
    '',
    '## Not applicable',
    '',
    '| why | tests | |',
    '|---|---|---|',
    ...[...reasons].map(([why, one]) => `| ${cell(why)} | ${one.tests} | ${[...one.names].map((name) => `\`${name}\``).join(', ')} |`),
    '',
  ]
  writeFileSync(join(ROOT, 'docs/peer-tests.md'), lines.join('\n'))
  return { passed, failed }
}

// `npm test`: all gates in order; `npm run check` is the same without real models. The last line counts the tests.
// A gate that fails counts as one failure; the gates behind it still run.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { installChromium } from './chromium.mjs'
import { installServers } from './debian.mjs'
import { prepare, ROOT, run } from './prepare.mjs'

process.env.OUROBOROS_HISTORY = 'off' // tests keep nothing in the user's own folder
const withModels = !process.argv.includes('--fast')
const results = mkdtempSync(join(tmpdir(), 'ouroboros-test-'))
const counts = { passed: 0, failed: 0, skipped: 0 }
const failedGates = []
process.on('SIGINT', () => process.exit(130))
process.on('exit', (code) => {
  rmSync(results, { recursive: true, force: true })
  if (code !== 0 && failedGates.length === 0) fail('install and build')
  if (failedGates.length > 0) console.log(`\nfailed: ${failedGates.join(', ')}`)
  console.log(`\n${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
})

section('install and build')
prepare()
gate('types', 'typescript', 'tsc', ['--noEmit', '-p', '.'])
gate('types of the page', 'typescript', 'tsc', ['--noEmit', '-p', 'src/server/playground'])
gate('format and lint', '@biomejs/biome', 'biome', ['check', '--error-on-warnings', '.'])
packageGates()
gate('docs', 'vitepress', 'vitepress', ['build', 'docs'])
if (withModels) installServers()
tests('fast')
if (withModels) {
  section('models')
  for (const ids of [[], ['smollm2-135m', 'gemma-3-270m']]) {
    const { status } = spawnSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'pull', ...ids], { cwd: ROOT, stdio: 'inherit' })
    if (status !== 0) fail(`pull ${ids.join(' ')}`.trim())
  }
  tests('model')
  installChromium()
  tests('browser')
}
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)

/** The checks run on what would be published. */
function packageGates() {
  section('package')
  run(process.execPath, [join(ROOT, 'scripts/build-kernels.mjs'), '--offline'])
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', results])
  const tarball = join(
    results,
    readdirSync(results).find((name) => name.endsWith('.tgz')),
  )
  gate('publint', 'publint', 'publint', ['run', tarball, '--strict'])
  gate('types of the package', '@arethetypeswrong/cli', 'attw', [tarball, '--profile', 'esm-only', '--format', 'ascii'])
}

function gate(name, ...tool) {
  section(name)
  if (start(...tool) !== 0) fail(name)
}

function tests(project) {
  const name = `tests: ${project}`
  section(name)
  const file = join(results, `${project}.json`)
  const status = start('vitest', 'vitest', [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
  if (existsSync(file)) {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    counts.passed += report.numPassedTests
    counts.failed += report.numFailedTests
    counts.skipped += report.numPendingTests + report.numTodoTests
    if (report.numFailedTests > 0) return failedGates.push(name)
  }
  // A file that cannot be loaded, or a process that died, has no failed test to count.
  if (status !== 0) fail(name)
}

function fail(name) {
  counts.failed++
  failedGates.push(name)
}

/** Runs a tool of node_modules with this Node; returns its exit status. */
function start(packageName, tool, args) {
  const manifest = join(ROOT, 'node_modules', packageName, 'package.json')
  const { bin } = createRequire(import.meta.url)(manifest)
  const script = join(dirname(manifest), typeof bin === 'string' ? bin : bin[tool])
  return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' }).status
}

function section(name) {
  console.log(`\n== ${name}`)
}

// `npm test`: all gates in order; `npm run check` is the same without real models. The last line counts the tests.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, ROOT, run } from './prepare.mjs'

const withModels = !process.argv.includes('--fast')
const results = mkdtempSync(join(tmpdir(), 'ouroboros-test-'))
const counts = { passed: 0, failed: 0, skipped: 0 }
const bin = (name) => join(ROOT, 'node_modules', '.bin', name)

section('install and build')
prepare()
section('types')
run(bin('tsc'), ['--noEmit', '-p', '.'])
section('format and lint')
run(bin('biome'), ['check', '--error-on-warnings', '.'])
section('package')
run(bin('publint'), ['--strict'])
run(bin('attw'), ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii'])
vitest('fast')
if (withModels) {
  section('models')
  run(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'pull'])
  run(process.execPath, [join(ROOT, 'dist/cli/main.js'), 'pull', 'smollm2-135m'])
  vitest('model')
}
rmSync(results, { recursive: true, force: true })
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)

function vitest(project) {
  section(`tests: ${project}`)
  const file = join(results, `${project}.json`)
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { status } = spawnSync(bin('vitest'), args, { cwd: ROOT, stdio: 'inherit' })
  const report = JSON.parse(readFileSync(file, 'utf8'))
  counts.passed += report.numPassedTests
  // A file that cannot be loaded has no tests to fail.
  counts.failed += Math.max(report.numFailedTests, status === 0 ? 0 : 1)
  counts.skipped += report.numPendingTests + report.numTodoTests
}

function section(name) {
  console.log(`\n== ${name}`)
}

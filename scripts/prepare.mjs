// Makes a checkout ready to run: checks Node, installs what package-lock.json says, builds what changed.
// Plain Node without dependencies: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Runs a command in the checkout with the user's terminal; ends the program if it fails. */
export function run(command, args, options = {}) {
  process.once('SIGINT', () => {}) // the command hears Ctrl-C as well and ends by itself
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: command === 'npm' && process.platform === 'win32',
    ...options,
  })
  if (error) fail(`cannot run ${command}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

export function prepare() {
  const needed = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node.replace('>=', '')
  if (older(process.versions.node, needed)) fail(`Node ${needed} or later is needed: this is ${process.versions.node}`)
  if (age('node_modules/.package-lock.json') < age('package-lock.json')) {
    console.log('installing packages')
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  const newest = Math.max(age('package-lock.json'), age('tsconfig.build.json'), newestIn(join(ROOT, 'src')))
  if (age('dist/index.js') < newest) {
    console.log('building')
    run(process.execPath, [join(ROOT, 'scripts', 'build.mjs')])
  }
}

/** Compiles the kernels if this machine has none yet (seconds, once), and says in a line which there are; where there can be none, loading says so. */
export async function prepareKernels() {
  const { kernelLibrary } = await import('../dist/kernels/library.js')
  const { file, set, compiler } = kernelLibrary({ onLine: console.log })
  if (file) console.log(`kernels: ${set}, ${compiler ? `compiled with ${compiler}` : 'prebuilt'}`)
}

/** Whether version `a` comes before `b`. */
function older(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const at = left.findIndex((part, i) => part !== right[i])
  return at >= 0 && left[at] < right[at]
}

/** Time of the last change; 0 if the file is not there. */
function age(path) {
  const file = join(ROOT, path)
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

function newestIn(folder) {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs
    }),
  )
}

function fail(message) {
  console.error(message)
  process.exit(1)
}

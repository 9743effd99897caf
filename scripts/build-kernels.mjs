// `prepack`: compiles the kernels for every instruction set into kernels/, with a manifest, so that users of the package need no compiler.
// Libraries that are up to date are kept; what no compiler can make is left out, and said. With `--offline` Zig is not fetched.
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writableFolder } from '../dist/kernels/cache.js'
import { compile, compilerNames, findCompilers } from '../dist/kernels/compile.js'
import { INSTRUCTION_SETS } from '../dist/kernels/instruction-set.js'
import { prebuilt, prebuiltName } from '../dist/kernels/prebuilt.js'
import { fileHash, kernelSources } from '../dist/kernels/sources.js'
import { hasZig, zigCompiler } from '../dist/kernels/zig.js'
import { homeFolder } from '../dist/models/home.js'
import { DEFAULT_PYTHON } from '../dist/models/pip.js'
import { ROOT } from './prepare.mjs'

const CROSS = { x64: 'x86_64-linux-gnu-g++', arm64: 'aarch64-linux-gnu-g++' }
const COMPILE_MS = 300_000
const offline = process.argv.includes('--offline')
const { env, platform, arch } = process

const folder = join(ROOT, 'kernels')
const sources = kernelSources(join(ROOT, 'native'))
const made = mkdtempSync(join(ROOT, 'kernels-'))
try {
  const files = {}
  for (const set of Object.keys(INSTRUCTION_SETS)) {
    const file = prebuiltName(set)
    const out = join(made, file)
    mkdirSync(dirname(out), { recursive: true })
    const how = make(set, out)
    const { size } = statSync(out, { throwIfNoEntry: false }) ?? {}
    console.log(`kernels for ${set}: ${size === undefined ? `left out: ${how}` : `${Math.round(size / 1000)} KB (${how})`}`)
    if (size === undefined) rmSync(dirname(out), { recursive: true })
    else files[set] = { file, sha256: fileHash(out), bytes: size }
  }
  writeFileSync(join(made, 'manifest.json'), `${JSON.stringify({ sourceHash: sources.hash, files }, undefined, 2)}\n`)
  rmSync(folder, { recursive: true, force: true })
  renameSync(made, folder)
} finally {
  rmSync(made, { recursive: true, force: true })
}

/** Leaves the library in `out` and returns who made it, or why nobody could. */
function make(set, out) {
  const ready = prebuilt(folder, set, sources.hash)
  if (ready?.file) {
    copyFileSync(ready.file, out)
    return 'up to date'
  }
  const needs = INSTRUCTION_SETS[set]
  const names = platform === 'linux' && arch === needs.arch ? compilerNames(env) : [CROSS[needs.arch]]
  const problems = []
  for (const compiler of findCompilers(env, names)) {
    const problem = compileWith(compiler, set, out)
    if (!problem) return compiler.name
    problems.push(`${compiler.name}: ${problem}`)
  }
  const zig = zigFor(needs)
  const problem = zig.reason ?? compileWith(zig, set, out)
  return problem ? [...problems, problem].join('; ') : zig.name
}

function zigFor(needs) {
  const parent = writableFolder(join(homeFolder(), 'kernels'))
  if (parent.reason) return parent
  if (offline && !hasZig(parent)) return { reason: 'no compiler for it is installed, and Zig is not fetched' }
  return zigCompiler(parent, needs, { python: DEFAULT_PYTHON, env, timeout: 2 * COMPILE_MS, onLine: console.log })
}

function compileWith(compiler, set, out) {
  const temporary = join(made, 'temporary')
  mkdirSync(temporary)
  try {
    return compile(compiler, sources.files, set, { temporary, out, timeout: COMPILE_MS, env })
  } finally {
    rmSync(temporary, { recursive: true })
  }
}

// Opens every platform's native package and shows that its libraries are found and export every function that is used, so that a platform
// on which nothing was ever run does not fail at the first try. Needs the network: npm fetches the packages into a temporary folder.
// usage: npm run check:platforms [-- PACKAGE...], e.g. linux-x64-vulkan; without names: those that are installed by themselves.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportsOf } from './exports/read.mjs'
import { ROOT } from './prepare.mjs'

const { librariesAmong, PACKAGE_VERSION, PACKAGES } = await import(join(ROOT, 'dist/llama/platform.js'))
const { GGML_BASE_FUNCTIONS, GGML_FUNCTIONS, LLAMA_FUNCTIONS } = await import(join(ROOT, 'dist/llama/declarations.js'))
const NEEDED = { llama: LLAMA_FUNCTIONS, ggml: GGML_FUNCTIONS, base: GGML_BASE_FUNCTIONS }

const asked = process.argv.slice(2)
const known = Object.entries(PACKAGES).flatMap(([platform, names]) => names.map((name) => ({ platform, name })))
const unknown = asked.filter((one) => !known.some(({ name }) => name === one))
if (unknown.length > 0) end(`no such package: ${unknown.join(', ')}; there are ${known.map(({ name }) => name).join(', ')}`)
const chosen = known.filter(({ platform, name }) => (asked.length > 0 ? asked.includes(name) : name === PACKAGES[platform].at(-1)))

const temporary = mkdtempSync(join(tmpdir(), 'ouroboros-platforms-'))
try {
  for (const one of chosen) {
    const problems = check(one)
    for (const line of problems) console.error(`  ${line}`)
    if (problems.length > 0) process.exitCode = 1
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}

/** Prints what was found; returns what is missing. */
function check({ platform, name }) {
  const folder = unpack(name)
  if (!folder) return [`${platform}: npm cannot fetch @node-llama-cpp/${name}@${PACKAGE_VERSION}`]
  const names = readdirSync(folder)
  const files = librariesAmong(names)
  console.log(`${platform.padEnd(13)}@node-llama-cpp/${name}@${PACKAGE_VERSION}`)
  if (!files) return [`no libllama, libggml and libggml-base among ${names.join(', ')}`]
  return Object.entries(NEEDED).flatMap(([library, prototypes]) => {
    const functions = [...prototypes.matchAll(/(\w+)\(/g)].map(([, name]) => name)
    let missing
    try {
      const exported = exportsOf(readFileSync(join(folder, files[library])), platform.split('-')[1])
      missing = functions.filter((one) => !exported.has(one))
    } catch (error) {
      return [`${files[library]}: ${error.message}`]
    }
    if (missing.length > 0) return [`${files[library]} does not export ${missing.join(', ')}`]
    console.log(`${''.padEnd(13)}${files[library]}: all ${functions.length} functions`)
    return []
  })
}

/** The folder with the package's libraries. */
function unpack(name) {
  const pack = ['pack', `@node-llama-cpp/${name}@${PACKAGE_VERSION}`, '--silent']
  const { status, stdout } = spawnSync('npm', pack, { cwd: temporary, encoding: 'utf8', shell: process.platform === 'win32' })
  if (status !== 0) return undefined
  const archive = stdout.trim()
  const folder = `package/bins/${name}`
  if (spawnSync('tar', ['-xzf', archive, folder], { cwd: temporary }).status !== 0) return undefined
  rmSync(join(temporary, archive))
  return join(temporary, folder)
}

function end(message) {
  console.error(message)
  process.exit(2)
}

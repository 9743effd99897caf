import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Examples run on the built package, as a user's program does. */
export const isBuilt = existsSync(join(ROOT, 'dist/index.js'))

/** Runs `examples/NAME.ts`; when it has written `until`, it is interrupted as by Ctrl-C. */
export async function runExample(name: string, args: readonly string[] = [], until?: string) {
  // Inside the package, so that it finds it by its name.
  const folder = mkdtempSync(join(ROOT, 'dist/.example-'))
  try {
    const source = readFileSync(join(ROOT, `examples/${name}.ts`), 'utf8')
    const program = join(folder, `${name}.mjs`)
    writeFileSync(program, (await transform(source, { loader: 'ts', format: 'esm', target: 'node20' })).code)
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OUROBOROS_HISTORY: 'off' }, // nothing is kept in the user's own folder
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      if (until !== undefined && stdout.includes(until)) child.kill('SIGINT')
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const [code] = await once(child, 'close')
    return { code, stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

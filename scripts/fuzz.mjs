// `npm run fuzz -- --cases 100000 --seed 1 --area grammars`: hostile input of every kind, the same for the same seed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from './prepare.mjs'

const folder = mkdtempSync(join(ROOT, 'node_modules/.fuzz-'))
try {
  const outfile = join(folder, 'fuzz.mjs')
  await build({
    entryPoints: [join(ROOT, 'test/fuzz/fuzz.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  })
  const { status, signal } = spawnSync(process.execPath, ['--expose-gc', outfile, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, FUZZ_ROOT: ROOT },
  })
  if (signal) console.error(`ended by ${signal}`)
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}

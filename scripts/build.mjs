// Compiles src to dist; a half build never looks like a whole one.
import { chmodSync, copyFileSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ROOT, run } from './prepare.mjs'

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'])
chmodSync(join(ROOT, 'dist/cli/main.js'), 0o755)
await buildPage()
const now = new Date()
utimesSync(join(ROOT, 'dist/index.js'), now, now)

/** The playground: one script and one style sheet, classic ones, so that the page also opens as a file. */
async function buildPage() {
  const [from, to] = ['src/server/playground', 'dist/server/playground'].map((folder) => join(ROOT, folder))
  await build({
    entryPoints: { app: join(from, 'main.tsx') },
    outdir: to,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.jsonl': 'text' },
    logLevel: 'warning',
  })
  for (const file of ['index.html', 'icon.svg']) copyFileSync(join(from, file), join(to, file))
}

// Compiles src to dist; a half build never looks like a whole one.
import { chmodSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, run } from './prepare.mjs'

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'])
chmodSync(join(ROOT, 'dist/cli/main.js'), 0o755)
const now = new Date()
utimesSync(join(ROOT, 'dist/index.js'), now, now)

// What takes too long for `npm test`: 300 times kill -9 while phrases are written, and four replicas under load while Redis dies.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './prepare.mjs'

const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
const run = (project, file, env) =>
  spawnSync(process.execPath, [vitest, 'run', '--project', project, file], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } })
    .status
const kills = run('fast', 'test/store/kill.test.ts', { OUROBOROS_KILLS: '300' })
const replicas = run('model', 'test/e2e/replicas.test.ts', { OUROBOROS_REPLICAS: '4', OUROBOROS_LOAD_SECONDS: '40' })
process.exit(kills || replicas ? 1 : 0)

// `npm run check:arm64`: the kernels for ARM on a computer with another processor: compiled for it and run by QEMU, they give the same bits.
import { spawnSync } from 'node:child_process'
import { ROOT, run } from './prepare.mjs'

const TOOLS = { 'g++': 'g++', 'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu', 'qemu-aarch64': 'qemu-user' }

const missing = Object.keys(TOOLS).filter((tool) => spawnSync(tool, ['--version']).status !== 0)
if (missing.length > 0) {
  const packages = missing.map((tool) => TOOLS[tool]).join(' ')
  console.error(`${missing.join(', ')}: not installed. On Debian and Ubuntu: sudo apt-get install -y ${packages}`)
  process.exit(1)
}
run('npx', ['vitest', 'run', '--project', 'fast', 'test/kernels/driver.test.ts'], { cwd: ROOT })

// Python's clients (openai, LiteLLM, Instructor, llm) against the server with the small model; they are installed into a temporary folder.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from '../dist/index.js'
import { listen } from '../dist/server/index.js'

// The small model's own template shows no tools.
const TEMPLATE = readFileSync(new URL('../test/clients/tools.jinja', import.meta.url), 'utf8')
// LiteLLM's tools need what it lists as an extra.
const PACKAGES = ['openai', 'litellm[mcp]', 'instructor', 'llm']
const folder = mkdtempSync(join(tmpdir(), 'ouroboros-clients-'))
const python = join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']))
let status = 1
try {
  const made = spawnSync(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', folder], { stdio: 'inherit' })
  const installed =
    made.status === 0 && spawnSync(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], { stdio: 'inherit' }).status === 0
  if (!installed) throw new Error('Python 3 with venv and pip is needed, and its registry')
  const engine = await load({ target: 'smollm2-135m', draft: 'smollm2-135m', contextLength: 1024, sessions: 2, chatTemplate: TEMPLATE })
  const server = await listen(engine, { port: 0, model: 'smollm2-135m' })
  const env = {
    ...process.env,
    BASE_URL: `${server.url}/v1`,
    MODEL: 'smollm2-135m',
    LLM_USER_PATH: join(folder, 'llm'),
    LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  }
  const script = fileURLToPath(new URL('../test/clients/clients.py', import.meta.url))
  const running = spawn(python, [script], { stdio: 'inherit', env })
  status = await new Promise((resolve) => running.on('exit', resolve))
  await server.stop(0)
  await engine.dispose()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = status

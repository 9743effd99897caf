// The dynamic symbol table of a 64-bit little-endian ELF file (Linux).

const MACHINES = { 62: 'x64', 183: 'arm64' }
const SHT_DYNSYM = 11
const [GLOBAL, WEAK] = [1, 2]

export const isElf = (bytes) => bytes.readUInt32BE(0) === 0x7f454c46

/** Processor, and the names that another program can look up. */
export function readElf(bytes) {
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new Error('not a 64-bit little-endian ELF file')
  const sections = Array.from({ length: bytes.readUInt16LE(0x3c) }, (_, i) => {
    const at = Number(bytes.readBigUInt64LE(0x28)) + i * bytes.readUInt16LE(0x3a)
    const number = (offset) => Number(bytes.readBigUInt64LE(at + offset))
    return { type: bytes.readUInt32LE(at + 4), offset: number(24), size: number(32), link: bytes.readUInt32LE(at + 40) }
  })
  const symbols = sections.find(({ type }) => type === SHT_DYNSYM)
  const strings = symbols && sections[symbols.link]
  const names = new Set()
  for (let at = symbols?.offset ?? 0; at < (symbols ? symbols.offset + symbols.size : 0); at += 24) {
    const binding = bytes[at + 4] >> 4
    const isDefined = bytes.readUInt16LE(at + 6) !== 0
    if (isDefined && (binding === GLOBAL || binding === WEAK)) names.add(text(bytes, strings.offset + bytes.readUInt32LE(at)))
  }
  return { processor: MACHINES[bytes.readUInt16LE(18)], names }
}

function text(bytes, at) {
  return bytes.toString('latin1', at, bytes.indexOf(0, at))
}

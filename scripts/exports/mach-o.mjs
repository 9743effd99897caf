// The symbol table of a 64-bit Mach-O file (macOS), alone or as one of the parts of a universal file.

const PROCESSORS = { 16777223: 'x64', 16777228: 'arm64' }
const [ALONE, UNIVERSAL] = [0xfeedfacf, 0xcafebabe]
const LC_SYMTAB = 2
/** Bits of a symbol's type: a debugger's, private to the file, its kind, visible to others. */
const [STAB, PRIVATE, KIND, EXTERNAL] = [0xe0, 0x10, 0x0e, 0x01]

export const isMachO = (bytes) => bytes.readUInt32LE(0) === ALONE || bytes.readUInt32BE(0) === UNIVERSAL

/** Processor, and the names that another program can look up; of a universal file, those of the part for `wanted`. */
export function readMachO(bytes, wanted) {
  if (bytes.readUInt32LE(0) === ALONE) return readPart(bytes)
  const parts = Array.from({ length: bytes.readUInt32BE(4) }, (_, i) => {
    const [, , offset, size] = [0, 4, 8, 12].map((field) => bytes.readUInt32BE(8 + 20 * i + field))
    return readPart(bytes.subarray(offset, offset + size))
  })
  return parts.find(({ processor }) => processor === wanted) ?? parts[0]
}

function readPart(bytes) {
  const names = new Set()
  let at = 32
  for (let i = 0; i < bytes.readUInt32LE(16); i++) {
    if (bytes.readUInt32LE(at) === LC_SYMTAB) {
      const [symbols, count, strings] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field))
      for (let one = symbols; one < symbols + 16 * count; one += 16) {
        const type = bytes[one + 4]
        // C names have an underscore in front.
        if (isExported(type)) names.add(text(bytes, strings + bytes.readUInt32LE(one)).replace(/^_/, ''))
      }
    }
    at += bytes.readUInt32LE(at + 4)
  }
  return { processor: PROCESSORS[bytes.readUInt32LE(4)], names }
}

function isExported(type) {
  return (type & (STAB | PRIVATE)) === 0 && (type & EXTERNAL) !== 0 && (type & KIND) !== 0
}

function text(bytes, at) {
  return bytes.toString('latin1', at, bytes.indexOf(0, at))
}

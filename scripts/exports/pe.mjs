// The export table of a 64-bit PE file (Windows).

const MACHINES = { 34404: 'x64', 43620: 'arm64' }
const PE32_PLUS = 0x20b

export const isPe = (bytes) => bytes.toString('latin1', 0, 2) === 'MZ'

/** Processor, and the names that another program can look up. */
export function readPe(bytes) {
  const header = bytes.readUInt32LE(0x3c)
  const optional = header + 24
  if (bytes.readUInt16LE(optional) !== PE32_PLUS) throw new Error('not a 64-bit PE file')
  const first = optional + bytes.readUInt16LE(header + 20)
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, i) => {
    const [address, size, offset] = [12, 16, 20].map((field) => bytes.readUInt32LE(first + 40 * i + field))
    return { address, size, offset }
  })
  /** Where an address of the loaded image lies in the file. */
  const place = (address) => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.size)
    if (!section) throw new Error(`address ${address} is in no section`)
    return section.offset + address - section.address
  }
  const names = new Set()
  const exported = bytes.readUInt32LE(optional + 112)
  if (exported !== 0) {
    const table = place(exported)
    const list = place(bytes.readUInt32LE(table + 32))
    for (let i = 0; i < bytes.readUInt32LE(table + 24); i++) {
      const at = place(bytes.readUInt32LE(list + 4 * i))
      names.add(bytes.toString('latin1', at, bytes.indexOf(0, at)))
    }
  }
  return { processor: MACHINES[bytes.readUInt16LE(header + 4)], names }
}

// Writes batches until it is killed; says after each that it is kept. So few phrases are kept that they are gathered all the time.
import { DiskStore } from '../../dist/store/disk-store.js'

const [file = ''] = process.argv.slice(2)
const store = DiskStore.open(file, { most: 1200, days: 100, vocabSize: 1e6, onWarning: (line) => console.log(`warning ${line}`) })
for (let round = 0; ; round++) {
  const batch = Array.from({ length: 50 }, (_, i) => {
    const n = (round * 50 + i) % 1000
    return {
      key: [n, 1],
      tokens: [n, 1, 2, 3, 4, 5, 6, 7],
      source: 'history',
      seen: 1,
      tries: 2,
      hits: 1,
      refuted: false,
    }
  })
  store.merge(batch)
  process.stdout.write(`${(round + 1) * 50}\n`)
}

// Learns so many texts with the store's thread, whatever becomes of the disk; prints what it knows and the warnings that it got.
import { setTimeout as wait } from 'node:timers/promises'
import { PhrasePool } from '../../dist/core/index.js'
import { ThreadStore } from '../../dist/store/thread-store.js'

const [folder = '', rounds = '0'] = process.argv.slice(2)
const warnings = []
let heard = 0
const pool = new PhrasePool({ capacityBytes: 20_000 * PhrasePool.bytesPerPhrase })
const settings = { folder, most: 20_000, days: 100, vocabSize: 60_000 }
const store = new ThreadStore(settings, { vocabulary: '0123456789abcdef', corpus: 'default' }, (line) => warnings.push(line))
store.open('local', (table) => {
  heard = table.size
})
for (let round = 0; round < Number(rounds); round++) {
  const text = Array.from({ length: 60 }, (_, i) => (round * 613 + i * i) % 50_000)
  pool.learn(text, 0, text.length, 'history')
  store.put('local', pool.changes())
  if (round % 4 === 0) await store.flush()
  else await wait(1)
}
await store.close()
const seen = [...pool.entries()].reduce((sum, one) => sum + one.seen, 0)
console.log(JSON.stringify({ warnings, heard, seen }))

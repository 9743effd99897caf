// The phrase pool at a million phrases: microseconds per look-up, insertion and eviction.
//   node bench/pool.mjs [--phrases N]
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { MAX_PHRASE, PhrasePool } from '../dist/core/index.js'

const { values } = parseArgs({ options: { phrases: { type: 'string', default: '1000000' } } })
const capacity = Number(values.phrases)
const pool = new PhrasePool({ capacityBytes: capacity * PhrasePool.bytesPerPhrase })
let state = 1
const draw = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
/** Word frequencies fall off as in text (Zipf), over 50,000 words. */
const word = () => Math.floor(50_000 ** (draw(1e6) / 1e6))
const text = () => Array.from({ length: 200 }, word)
const time = (count, body) => {
  const times = []
  for (let i = 0; i < count; i++) {
    const started = performance.now()
    const done = body()
    times.push(((performance.now() - started) * 1000) / done)
  }
  times.sort((a, b) => a - b)
  const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(2)
  return `median ${at(0.5)} µs, 99th of 100 ${at(0.99)} µs`
}

while (pool.size < capacity) {
  const one = text()
  pool.learn(one, 0, one.length, 'corpus')
}
console.log(`${new Date().toISOString().slice(0, 10)}  node bench/pool.mjs ${process.argv.slice(2).join(' ')}  (${cpus()[0]?.model})`)
console.log(
  `${pool.size} phrases of up to ${MAX_PHRASE} tokens, ${PhrasePool.bytesPerPhrase} bytes each: ${((capacity * PhrasePool.bytesPerPhrase) / 2 ** 20).toFixed(0)} MiB`,
)
const known = Array.from({ length: 2000 }, text)
console.log(
  'look-up            ',
  time(2000, () => {
    const one = known[draw(known.length)]
    for (let at = 4; at < one.length; at++) for (let keySize = 1; keySize <= 4; keySize++) pool.find(one, at, keySize)
    return (one.length - 4) * 4
  }),
)
console.log(
  'insertion, pool full',
  time(2000, () => {
    const one = text()
    pool.learn(one, 0, one.length, 'history')
    return (one.length - 1) * 4 - 6
  }),
)

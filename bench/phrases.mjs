// A large history: memory and disk per phrase, look-up and insertion, opening, and what its size adds to a step.
//   node bench/phrases.mjs [--phrases N] [--model ID] [--json FILE]      --model: also first tokens of a real model, with and without it
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readHardware } from '../dist/bench/hardware.js'
import { PhrasePool } from '../dist/core/index.js'
import { load } from '../dist/index.js'
import { readRecording } from '../dist/replay/recording.js'
import { Replay } from '../dist/replay/replay.js'
import { PhrasePools } from '../dist/runtime/phrase-pools.js'
import { DiskStore } from '../dist/store/disk-store.js'
import { namespaceFile } from '../dist/store/namespace.js'
import { ThreadStore } from '../dist/store/thread-store.js'

const { values } = parseArgs({
  options: { phrases: { type: 'string', default: '1000000' }, model: { type: 'string' }, json: { type: 'string' } },
})
const most = Number(values.phrases)
const capacityBytes = most * PhrasePool.bytesPerPhrase
let state = 1
const draw = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
/** Word frequencies fall off as in text (Zipf), over 50,000 words. */
const word = () => Math.floor(50_000 ** (draw(1e6) / 1e6))
const text = (length = 200) => Array.from({ length }, word)
const quantiles = (times) => {
  times.sort((a, b) => a - b)
  const at = (share) => Number(times[Math.floor(share * (times.length - 1))].toPrecision(3))
  return { median: at(0.5), p99: at(0.99) }
}
/** Microseconds per operation; `body` returns how many it did. */
const microseconds = (count, body) =>
  quantiles(
    Array.from({ length: count }, () => {
      const started = performance.now()
      const done = body()
      return ((performance.now() - started) * 1000) / done
    }),
  )
const folder = mkdtempSync(join(tmpdir(), 'ouroboros-phrases-'))
const vocabulary = values.model ? await vocabularyOf(values.model) : '0123456789abcdef'
const namespace = { vocabulary, tenant: 'local', corpus: 'default' }
const file = namespaceFile(folder, namespace)
const bounds = { most, days: 1e6, vocabSize: 50_000 }
const onWarning = (line) => console.error(line)

const pool = new PhrasePool({ capacityBytes })
while (pool.size < most) {
  const one = text()
  pool.learn(one, 0, one.length, 'corpus')
}
const store = DiskStore.open(file, { ...bounds, onWarning })
const started = performance.now()
store.merge([...pool.entries()])
store.close()
const result = {
  date: new Date().toISOString(),
  command: ['node bench/phrases.mjs', ...process.argv.slice(2)].join(' '),
  cpu: cpus()[0]?.model,
  node: process.version,
  phrases: pool.size,
  memoryBytesPerPhrase: PhrasePool.bytesPerPhrase,
  diskBytesPerPhrase: Number(
    (readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / pool.size).toFixed(1),
  ),
  writeMs: Math.round(performance.now() - started),
  open: await opening(),
  lookUpMicroseconds: lookUp(),
  insertionWithEvictionMicroseconds: microseconds(2000, () => {
    const one = text()
    pool.learn(one, 0, one.length, 'history')
    return (one.length - 1) * 4 - 6
  }),
  step: await steps(),
  ...(values.model && { firstToken: await firstTokens(values.model) }),
}
rmSync(folder, { recursive: true })
console.log(JSON.stringify(result, null, 2))
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`)

function lookUp() {
  const known = Array.from({ length: 2000 }, () => text())
  return microseconds(2000, () => {
    const one = known[draw(known.length)]
    for (let at = 4; at < one.length; at++) for (let keySize = 1; keySize <= 4; keySize++) pool.find(one, at, keySize)
    return (one.length - 4) * 4
  })
}

/** How long the caller waits, when everything is known, and the longest time for which nothing else could run meanwhile. */
async function opening() {
  const rounds = []
  for (let i = 0; i < 5; i++) {
    const begin = performance.now()
    const store = new ThreadStore({ folder, ...bounds }, namespace, onWarning)
    const pools = new PhrasePools({ store, tenant: 'local', corpus: [], most })
    const returnedMs = performance.now() - begin
    let [longestStallMs, last] = [0, performance.now()]
    while (pools.of().pool.size < most) {
      await new Promise((resolve) => setImmediate(resolve))
      longestStallMs = Math.max(longestStallMs, performance.now() - last)
      last = performance.now()
    }
    rounds.push({ returnedMs, longestStallMs, allKnownMs: performance.now() - begin })
    await pools.close()
  }
  return Object.fromEntries(Object.keys(rounds[0]).map((name) => [name, quantiles(rounds.map((round) => round[name])).median]))
}

/** Recorded answers, replayed with a history of nothing and of `most` phrases that have nothing to do with them: the same steps, the same drafts. */
async function steps() {
  const recording = readRecording('test/recordings/humaneval.json.gz')
  const hardware = readHardware('cpu-avx512')
  const [small, large] = [0, 1].map(() => new Replay(recording, hardware, capacityBytes))
  const far = 2 ** 17 // tokens that no recorded text has
  for (let known = 0; known < most; known += 8000)
    large.teach([{ prompt: text(1000).map((one) => one + far), answer: text(1000).map((one) => one + far) }])
  const times = new Map([small, large].map((replay) => [replay, []]))
  let passMs = 0
  for (let round = 0; round < 12; round++) {
    for (const replay of round % 2 ? [large, small] : [small, large]) {
      for (const one of recording.texts.slice(0, 4)) {
        const begin = performance.now()
        const { statistics, seconds } = await replay.run([one], 'ouroboros')
        times.get(replay).push(((performance.now() - begin) * 1000) / statistics[0].steps)
        passMs = ((seconds - replay.promptSeconds(one)) * 1000) / statistics[0].steps
      }
    }
  }
  const emptyMicroseconds = quantiles(times.get(small)).median
  const fullMicroseconds = quantiles(times.get(large)).median
  const slowerPercent = Number(((fullMicroseconds - emptyMicroseconds) / 10 / passMs).toFixed(3))
  return { emptyMicroseconds, fullMicroseconds, simulatedMs: Number(passMs.toFixed(1)), slowerPercent }
}

async function vocabularyOf(model) {
  const engine = await load({ target: model, draft: null, history: { folder } })
  await engine.generate({ prompt: 'a', maxTokens: 2 }).result
  await engine.dispose()
  const [name] = readdirSync(folder).filter((one) => one.endsWith('.phrases'))
  rmSync(join(folder, name))
  return name.split('.')[0]
}

/** From the call of `load` to the first token, and from its end: without a history, with one of `most` phrases. */
async function firstTokens(model) {
  const rounds = { none: [], full: [] }
  for (let i = 0; i < 6; i++) {
    for (const [name, history] of [
      ['none', false],
      ['full', { folder, most }],
    ]) {
      const begin = performance.now()
      const engine = await load({ target: model, draft: null, history })
      const loaded = performance.now()
      for await (const _ of engine.generate({ prompt: 'The sea is', maxTokens: 8 })) break
      rounds[name].push({ afterLoadMs: performance.now() - loaded, inAllMs: performance.now() - begin })
      await engine.dispose()
    }
  }
  const median = (name, of) => Math.round(quantiles(rounds[name].map((round) => round[of])).median)
  return Object.fromEntries(
    Object.keys(rounds).map((name) => [name, { afterLoadMs: median(name, 'afterLoadMs'), inAllMs: median(name, 'inAllMs') }]),
  )
}

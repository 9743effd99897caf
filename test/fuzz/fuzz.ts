import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Area, fuzz, LONGEST_MS, type Outcome } from './area.ts'
import { grammars } from './grammars.ts'
import { requests } from './requests.ts'
import { schemas } from './schemas.ts'
import { fakeServer, realServer } from './servers.ts'
import { templates } from './templates.ts'
import { toolTexts } from './tool-texts.ts'

/** `npm run fuzz`: each area in a thread of its own, with an eye on its clock and its memory. */

/** Areas, and their share of the cases. */
const AREAS: Readonly<Record<string, { share: number; open(root: string): Area | Promise<Area> }>> = {
  grammars: { share: 0.3, open: () => grammars },
  schemas: { share: 0.2, open: () => schemas },
  'tool texts': { share: 0.2, open: () => toolTexts },
  templates: { share: 0.12, open: () => templates },
  requests: { share: 0.15, open: async () => requests('requests', await fakeServer()) },
  'requests, real model': { share: 0.03, open: async (root) => requests('requests, real model', await realServer(root)) },
}
const WARM = 0.2
const MEGABYTE = 2 ** 20

interface Start {
  readonly area: string
  readonly seed: number
  readonly cases: number
  readonly from: number
  readonly root: string
  /** The case that is running, and when it began (milliseconds, as `Date.now` modulo 2^31). */
  readonly now: Int32Array
}

interface Report extends Outcome {
  readonly area: string
  readonly seed: number
  readonly from: number
  readonly seconds: number
  /** Megabytes behind the first fifth of the cases and at the end: live objects, and resident memory. */
  readonly heap: readonly [number, number]
  readonly resident: readonly [number, number]
}

const clock = () => Date.now() & 0x7fffffff

async function runArea({ area: name, seed, cases, from, root, now }: Start): Promise<Report> {
  const one = await (AREAS[name] as (typeof AREAS)[string]).open(root)
  const rejected: string[] = []
  process.on('unhandledRejection', (error) => rejected.push(String((error as Error)?.stack ?? error)))
  const onCase = (at: number) => {
    now[0] = at
    now[1] = clock()
  }
  const began = performance.now()
  const warm = Math.floor(cases * WARM)
  const first = await fuzz(one, { seed, cases: warm, from, onCase })
  const before = measured(one)
  const second = await fuzz(one, { seed, cases: cases - warm, from: from + warm, onCase })
  const after = measured(one)
  await one.close?.()
  const kinds = { ...first.kinds }
  for (const [kind, count] of Object.entries(second.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count
  const failures = [
    ...first.failures,
    ...second.failures,
    ...rejected.map((error) => ({ at: -1, input: '', error: `not handled: ${error}` })),
  ]
  const slowest = first.slowest.ms > second.slowest.ms ? first.slowest : second.slowest
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return {
    area: name,
    seed,
    from,
    cases,
    seconds,
    kinds,
    failures,
    slowest: { ...slowest, ms: Math.round(slowest.ms) },
    heap: [before.heap, after.heap],
    resident: [before.resident, after.resident],
  }
}

function measured(one: Area): { heap: number; resident: number } {
  const other = one.memory?.() ?? 0
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: Math.round(heapUsed / MEGABYTE), resident: Math.round((other || rss) / MEGABYTE) }
}

/** Runs an area in a thread, which is ended where a case takes far too long. */
function watched(start: Omit<Start, 'now'>): Promise<Report> {
  const now = new Int32Array(new SharedArrayBuffer(8))
  now[1] = clock()
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...start, now } })
    const timer = setInterval(() => {
      const late = clock() - (now[1] as number)
      if (late < 4 * LONGEST_MS || now[0] === 0) return
      clearInterval(timer)
      void worker.terminate()
      reject(new Error(`${start.area}, case ${now[0]} of seed ${start.seed}: no end after ${late} ms`))
    }, 500)
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', () => clearInterval(timer))
  })
}

async function main(root: string): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      area: { type: 'string', multiple: true },
      from: { type: 'string', default: '0' },
      json: { type: 'string' },
    },
  })
  const [cases, seed, from] = [values.cases, values.seed, values.from].map(Number) as [number, number, number]
  const chosen = values.area ?? Object.keys(AREAS)
  for (const name of chosen) if (!AREAS[name]) throw new Error(`there is no area ${name}: ${Object.keys(AREAS).join(', ')}`)
  for (const name of chosen) {
    const share = values.area ? 1 / chosen.length : (AREAS[name]?.share ?? 0)
    const report = await watched({ area: name, seed, cases: Math.round(cases * share), from, root })
    print(report)
    if (values.json) keep(values.json, report)
  }
}

function print({ area, seed, from, cases, seconds, kinds, failures, slowest, heap, resident }: Report): void {
  console.log(
    `${area}: ${cases} cases (seed ${seed}${from ? `, from ${from}` : ''}) in ${seconds} s, slowest ${slowest.ms} ms (case ${slowest.at})`,
  )
  console.log(
    `  ${Object.entries(kinds)
      .sort()
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
  )
  console.log(`  heap ${heap.join(' -> ')} MB, resident ${resident.join(' -> ')} MB`)
  for (const { at, input, error } of failures)
    console.log(`  FAILED, case ${at}: ${error.split('\n').slice(0, 3).join(' ').slice(0, 400)}\n    ${input.slice(0, 600)}`)
  if (failures.length > 0) process.exitCode = 1
}

/** Adds the report to those in the file. */
function keep(file: string, report: Report): void {
  const reports = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report[]) : []
  writeFileSync(file, `${JSON.stringify([...reports, report], null, 2)}\n`)
}

if (isMainThread) await main(process.env['FUZZ_ROOT'] ?? process.cwd())
else parentPort?.postMessage(await runArea(workerData as Start))

import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'
import koffi from 'koffi'

/**
 * A process that exits stops its threads wherever they are. koffi reads a struct's fields through JavaScript, which
 * fails from then on, and koffi follows the null: a crash in place of the exit code. So an exit waits for the calls
 * that are under way, and no thread begins another one. Node itself would wait for their threads without end: a call
 * that does not end in time is left behind, and the process ends as it is.
 */
const KEY = 'ouroboros-llm native calls'
const CALLS = 0
const EXITING = 1
const LONGEST_WAIT_MS = 3000
let guarded = false
let depth = 0
/** None on the main thread, which is the one that waits. */
const gate = isMainThread ? undefined : inherited()

/** To be called before threads are started: they inherit the gate. Idempotent. */
export function guardExit(): void {
  if (guarded) return
  guarded = true
  const buffer = new SharedArrayBuffer(8)
  setEnvironmentData(KEY, buffer as never)
  const state = new Int32Array(buffer)
  process.once('exit', (code) => {
    Atomics.store(state, EXITING, 1)
    for (let calls = Atomics.load(state, CALLS); calls > 0; calls = Atomics.load(state, CALLS)) {
      if (Atomics.wait(state, CALLS, calls, LONGEST_WAIT_MS) === 'timed-out') endNow(code)
    }
  })
}

/** Ends the process without its threads. */
function endNow(code: number): void {
  if (process.platform !== 'win32') koffi.load(null).func('void _exit(int code)')(code)
  process.kill(process.pid, 'SIGKILL')
}

/** Runs `body`, which calls native code; on a thread whose process exits it waits for its end instead. */
export function inGate<T>(body: () => T): T {
  if (!gate || depth > 0) return body()
  enter(gate)
  depth++
  try {
    return body()
  } finally {
    depth--
    leave(gate)
  }
}

function inherited(): Int32Array | undefined {
  const buffer = getEnvironmentData(KEY) as SharedArrayBuffer | undefined
  return buffer && new Int32Array(buffer)
}

function enter(state: Int32Array): void {
  Atomics.add(state, CALLS, 1)
  if (Atomics.load(state, EXITING) === 0) return
  leave(state)
  Atomics.wait(state, EXITING, 1)
}

function leave(state: Int32Array): void {
  Atomics.sub(state, CALLS, 1)
  if (Atomics.load(state, EXITING) === 1) Atomics.notify(state, CALLS)
}

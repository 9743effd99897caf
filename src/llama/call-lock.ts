import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'

/**
 * The library's registry of backends and its one log callback belong to the whole process, and a callback into
 * JavaScript works only on the thread that made it. So calls that load, free, or log take turns over all threads.
 */
const KEY = 'ouroboros-llm native turn'
/** A thread that died in its turn must not stop the others for ever. */
const LONGEST_WAIT_MS = 120_000
const taken = shared()

/** Runs `body` when no other thread is in such a call. Not to be nested. */
export function inTurn<T>(body: () => T): T {
  while (Atomics.compareExchange(taken, 0, 0, 1) !== 0) {
    if (Atomics.wait(taken, 0, 1, LONGEST_WAIT_MS) === 'timed-out') break
  }
  try {
    return body()
  } finally {
    Atomics.store(taken, 0, 0)
    Atomics.notify(taken, 0, 1)
  }
}

/** Threads inherit the data of the one that starts them. */
function shared(): Int32Array {
  const existing = getEnvironmentData(KEY) as SharedArrayBuffer | undefined
  const buffer = existing ?? new SharedArrayBuffer(4)
  if (!existing) setEnvironmentData(KEY, buffer as never)
  return new Int32Array(buffer)
}

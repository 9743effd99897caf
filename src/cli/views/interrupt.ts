import type { Terminal } from './terminal.ts'

/** Exit code after Ctrl-C, as shells have it. */
export const INTERRUPTED = 130

/** The user ended the program, before there was an answer or on the way. */
export class Interrupted extends Error {}

/** Runs `work`; the first Ctrl-C aborts its signal, the second ends the program. */
export async function interruptible<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const ignore = terminal.onInterrupt(() => {
    if (controller.signal.aborted) terminal.exit(INTERRUPTED)
    else controller.abort()
  })
  try {
    return await work(controller.signal)
  } finally {
    ignore()
  }
}

import vm from 'node:vm'

const context = vm.createContext({}) as { run?: () => unknown }
const script = new vm.Script('run()')

/**
 * Runs synchronous JavaScript for at most so many milliseconds, whatever it is doing then; it must not call native code.
 * Throws what `body` throws, or what `late` makes.
 */
export function withinTime<T>(milliseconds: number, body: () => T, late: () => Error): T {
  context.run = body
  try {
    return script.runInContext(context as vm.Context, { timeout: milliseconds }) as T
  } catch (error) {
    throw (error as NodeJS.ErrnoException)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? late() : error
  } finally {
    delete context.run
  }
}

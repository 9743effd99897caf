import { type ErrorCode, OuroborosError } from './errors.ts'

/** An error as data: what crosses a thread boundary. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly code?: ErrorCode
  readonly numbers?: Readonly<Record<string, number>>
}

/** An error as data. */
export function toWire(error: unknown): WireError {
  if (error instanceof OuroborosError) {
    const { name, message, code, numbers } = error
    return { name, message, code, ...(numbers && { numbers }) }
  }
  if (error instanceof Error) return { name: error.name, message: error.message }
  return { name: 'Error', message: String(error) }
}

/** The error that was meant. Anything without a code is the engine's own fault. */
export function fromWire({ name, message, code, numbers }: WireError): Error {
  return new OuroborosError(code ?? 'E_ENGINE', code ? message : `${name}: ${message}`, { numbers })
}

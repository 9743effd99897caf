export { type Listening, type ListenOptions, listen } from './listen.ts'
export type { Limits, Log, ServerOptions } from './options.ts'

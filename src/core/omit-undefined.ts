/** An object without its undefined values: keys that may be undefined become optional. */
export type OmitUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** A copy without the keys whose value is undefined. */
export function omitUndefined<T extends object>(all: T): OmitUndefined<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as OmitUndefined<T>
}

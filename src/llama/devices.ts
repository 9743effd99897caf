import { library } from './library.ts'

/** Names and descriptions of the devices that the native library can use; `chosen` as `LoadOptions.library`. */
export async function devices(chosen?: string): Promise<readonly string[]> {
  return library(chosen).devices.map(({ name, description }) => `${name}: ${description}`)
}

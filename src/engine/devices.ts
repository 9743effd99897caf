import { library } from './library.ts'

/** Names and descriptions of the devices that the native library can use. */
export async function devices(): Promise<readonly string[]> {
  return library().devices.map(({ name, description }) => `${name}: ${description}`)
}

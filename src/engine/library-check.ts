import { library } from './library.ts'
import type { LibraryReport } from './library-report.ts'
import { toWire } from './wire-error.ts'

/** Program: loads the library that is named on the command line and reports it as one line of JSON. A library that is wrong may end it. */
const send = (report: LibraryReport) => process.stdout.write(`${JSON.stringify(report)}\n`)
try {
  const { kind, version, devices } = library(process.argv[2])
  send({ kind, version, devices: devices.map(({ name, description }) => `${name} (${description})`) })
} catch (error) {
  send({ error: toWire(error) })
}

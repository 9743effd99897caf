#!/usr/bin/env node
import { main } from './program.ts'

// A reader that has seen enough (head, less) is no failure.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

process.exitCode = await main(process.argv.slice(2))

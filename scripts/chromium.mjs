// A Chromium for the tests in a browser: found, or installed where that is a matter of one command.
import { existsSync } from 'node:fs'
import { installDebian } from './debian.mjs'

/** Where it may be. */
export const CHROMIUM = [
  process.env.OUROBOROS_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
].filter((file) => file !== undefined)

/** Debian's, where this user may install it; else a line says what is missing. */
export function installChromium() {
  if (CHROMIUM.some((file) => existsSync(file))) return
  if (installDebian('chromium', 'fonts-dejavu-core')) return
  console.log(
    'there is no Chromium: install one (apt-get install chromium), or name it in OUROBOROS_CHROMIUM; tests in a browser are skipped',
  )
}

/** Decides what happens when a machine lacks what a test needs: left out with one line, or red with CI=true. */

import { existsSync } from 'node:fs'

/**
 * For the `skip` option of a test.
 *
 * @param missing - whether the thing is missing
 * @param advice - one line that says what is left out and how to get it
 * @throws Error with `advice` if it is missing and CI=true
 */
export function skipIfMissing(missing: boolean, advice: string): string | false {
  if (missing && process.env.CI === 'true')
    throw new Error(`with CI=true this must not be missing: ${advice}`)
  return missing && advice
}

/** The browser for tests: `QS_CHROMIUM`, or where distributions put it. */
export const chromium = [
  process.env.QS_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((file) => file !== undefined && existsSync(file))

export const skipBrowser = () =>
  skipIfMissing(
    chromium === undefined,
    'browser tests are left out: install Chromium (Debian: apt-get install chromium), or name one by QS_CHROMIUM',
  )

/** Finds the files that come with the program, in a checkout and in an installed package. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

/** The built console. */
export const uiFolder = path.join(root, 'ui/dist')

/** The flagship: `workflow.json` and its functions. */
export const flagshipFolder = path.join(root, 'examples/deposit-kyc-allocation')

/** The version in the package's own description. */
export async function programVersion(): Promise<string> {
  const text = await readFile(path.join(root, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

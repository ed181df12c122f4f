/** Finds the public test vectors, which are not part of the project, and unpacks those that are packed. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { skipIfMissing } from '../e2e/lacking.ts'

const root = path.join(import.meta.dirname, '../..')
/** Where the vectors lie. */
export const vectorFolder = path.resolve(
  root,
  process.env.QS_CONFORMANCE ?? '../shared/conformance',
)
const run = promisify(execFile)
const cache = path.join(root, 'node_modules/.cache/conformance')

/** For the `skip` option of tests: one line when the vectors are not there. */
export const skipVectors = () =>
  skipIfMissing(
    !existsSync(path.join(vectorFolder, 'unpack.mjs')),
    `conformance tests are left out: ${vectorFolder} is missing; name a copy of the vectors by QS_CONFORMANCE`,
  )

/** The folder of a packed set, unpacked once: `eest/state-osaka`. */
export async function vectorSet(name: string): Promise<string> {
  // Side by side: a set within another would make the other look unpacked.
  const target = path.join(cache, name.replaceAll('/', '-'))
  if (existsSync(target)) return target
  // Whole or not at all: an interrupted run must not leave half a set.
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(path.join(cache, 'draft-'))
  const script = path.join(vectorFolder, 'unpack.mjs')
  await run(process.execPath, [script, name, draft], { maxBuffer: 2 ** 26 })
  // A set of several archives is unpacked as it is, a single one into a folder of its name.
  const made = path.join(draft, path.basename(name))
  await rename(existsSync(made) ? made : draft, target).catch((error: unknown) => {
    if (!existsSync(target)) throw error
  })
  await rm(draft, { recursive: true, force: true })
  return target
}

/** All files of a folder within a set that end so, by path within the set, sorted. */
export async function vectorFiles(
  set: string,
  within: string,
  ending = '.json',
): Promise<readonly string[]> {
  const top = await vectorSet(set)
  const names = await readdir(path.join(top, within), { recursive: true })
  return names
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(within, name))
    .sort()
}

/** A text file of a set. */
export async function vectorText(set: string, file: string): Promise<string> {
  return readFile(path.join(await vectorSet(set), file), 'utf8')
}

/** A JSON file of a set. */
export async function vectorJson<T>(set: string, file: string): Promise<T> {
  return JSON.parse(await vectorText(set, file)) as T
}

/** The path of a file that lies beside the packed sets. */
export function plainFile(name: string): string {
  return path.join(vectorFolder, name)
}

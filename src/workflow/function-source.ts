/** Reads functions from files and folders, and checks what they say of themselves. */

import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import type { FunctionManifest, FunctionSource } from './functions.ts'

/** Endings of files that are functions, the first one that is there wins. */
export const functionEndings = ['.js', '.ts', '.mjs', '.mts', '.cjs']

/** Most files and bytes of a function. */
const sourceBounds = { files: 200, bytes: 3 * 2 ** 20 }

/** The file in which a function says what it is. */
export const manifestFile = 'function.json'

const kinds: Readonly<Record<keyof FunctionManifest, (value: unknown) => boolean>> = {
  main: (value) => typeof value === 'string' && isInside(value),
  timeoutMs: (value) => isWithin(value, 1, 900_000),
  memoryMb: (value) => isWithin(value, 16, 10_240),
  network: (value) => typeof value === 'boolean',
  runtime: (value) => typeof value === 'string' && /^[\w.-]{1,40}$/.test(value),
  handler: (value) => typeof value === 'string' && /^[\w./:-]{1,128}$/.test(value),
}

const isWithin = (value: unknown, low: number, high: number) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= low && value <= high

/** Whether a path stays within the folder of its function. */
const isInside = (name: string) =>
  /^[^\\:*?"<>|\p{Cc}]+$/u.test(name) && !name.split('/').some((part) => /^\.*$/.test(part))

/** The manifest in a value from outside; @throws AppError `workflow/bad-function` */
function manifestOf(value: unknown): FunctionManifest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('a manifest is one JSON object')
  }
  for (const [key, field] of Object.entries(value)) {
    const fits = kinds[key as keyof FunctionManifest]
    if (fits === undefined || !Object.hasOwn(kinds, key)) {
      throw bad(`"${key}" is unknown in a manifest; known are ${Object.keys(kinds).join(', ')}`)
    }
    if (!fits(field)) throw bad(`"${key}" in the manifest is ${JSON.stringify(field)}`)
  }
  return value as FunctionManifest
}

/**
 * Checks a source from outside, and takes its manifest out of its files.
 *
 * @param given - what stands here wins over the manifest in the files
 * @throws AppError `workflow/bad-function`
 */
export function checkedSource(
  files: ReadonlyMap<string, Uint8Array>,
  given: FunctionManifest = {},
): FunctionSource {
  if (files.size === 0 || files.size > sourceBounds.files) {
    throw bad(`a function has 1 to ${sourceBounds.files} files, not ${files.size}`)
  }
  const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0)
  if (bytes > sourceBounds.bytes) {
    throw bad(`its files have ${bytes} bytes, over the limit of ${sourceBounds.bytes}`)
  }
  for (const name of files.keys()) {
    if (!isInside(name) || name.length > 200) throw bad(`"${name}" is no path within its folder`)
  }
  const own = files.get(manifestFile)
  const rest = new Map([...files].filter(([name]) => name !== manifestFile))
  const manifest = { ...(own ? manifestOf(parsed(own)) : {}), ...manifestOf(given) }
  return { files: rest, manifest }
}

/** The file that is called; @throws AppError `workflow/bad-function` */
export function mainOf({ files, manifest }: FunctionSource): string {
  const names = [...files.keys()]
  const code = names.filter((name) => functionEndings.includes(path.extname(name)))
  const main =
    manifest.main ??
    (code.length === 1 ? code[0] : functionEndings.map((end) => `main${end}`).find(isOne))
  if (main !== undefined && isOne(main)) return main
  throw bad(
    main === undefined
      ? 'which of its files is called is not said: name it by "main" in function.json'
      : `its file "${main}" is missing`,
  )
  function isOne(name: string): boolean {
    return names.includes(name)
  }
}

/** Reads a file or a folder with all it holds; @throws AppError `workflow/bad-function` */
export async function readSource(
  place: string,
  given: FunctionManifest = {},
): Promise<FunctionSource> {
  try {
    const isFolder = (await stat(place)).isDirectory()
    const names = isFolder ? await filesIn(place) : [path.basename(place)]
    const folder = isFolder ? place : path.dirname(place)
    const files = new Map<string, Uint8Array>()
    let room = sourceBounds.bytes
    for (const name of names) {
      room -= (await stat(path.join(folder, name))).size
      if (room < 0) throw bad(`its files have over ${sourceBounds.bytes} bytes`)
      files.set(name, await readFile(path.join(folder, name)))
    }
    return checkedSource(files, given)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw bad(`${place} cannot be read: ${fileReason(cause)}`, cause)
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)))
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => !name.split('/').some((part) => part.startsWith('.')))
    .sort()
  if (files.length > sourceBounds.files) {
    throw bad(`${folder} has ${files.length} files, over the limit of ${sourceBounds.files}`)
  }
  return files
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw bad(`${manifestFile} is no JSON: ${(cause as Error).message}`, cause)
  }
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'workflow/bad-function', message, cause })
}

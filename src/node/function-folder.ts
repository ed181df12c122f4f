/** Reads functions from files and folders for those who upload them. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { readSource } from '../workflow/function-source.ts'
import { type FunctionManifest, functionName } from '../workflow/functions.ts'

/** A function as the API takes it. */
export interface FunctionUpload {
  readonly name: string
  /** Contents in base64 by path. */
  readonly files: Readonly<Record<string, string>>
  readonly manifest: FunctionManifest
}

/**
 * Reads a function.
 *
 * @param place - a file, or a folder with all it holds but what begins with a full stop
 * @param given - what wins over its `function.json`
 * @param name - that of the file or folder unless given
 * @throws AppError `workflow/bad-function`
 */
export async function readFunction(
  place: string,
  given: Readonly<Record<string, unknown>>,
  name = path.parse(path.resolve(place)).name,
): Promise<FunctionUpload> {
  if (!functionName.test(name)) {
    const message = `"${name}" is no name of a function; give one by --name`
    throw new AppError({ code: 'workflow/bad-function', message })
  }
  const { files, manifest } = await readSource(place, given as FunctionManifest)
  const texts = [...files].map(
    ([file, content]) => [file, Buffer.from(content).toString('base64')] as const,
  )
  return { name, files: Object.fromEntries(texts), manifest }
}

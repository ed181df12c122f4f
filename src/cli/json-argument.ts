/** Reads JSON that stands on the command line, or in a file that it names. */

import { readFile } from 'node:fs/promises'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import type { Json } from '../base/json-rpc.ts'

/**
 * `{"a": 1}`, or `@file` for what a file holds.
 *
 * @throws AppError `cli/unreadable-file`, `cli/bad-usage` with the flag
 */
export async function jsonArgument(text: string, flag: string): Promise<Json> {
  const file = text.startsWith('@') ? text.slice(1) : undefined
  const source = file === undefined ? text : await readText(file)
  try {
    return JSON.parse(source) as Json
  } catch (cause) {
    const what = file === undefined ? `--${flag}` : `${file} (of --${flag})`
    const message = `${what} is no JSON: ${(cause as Error).message}`
    throw new AppError({ code: 'cli/bad-usage', message, cause })
  }
}

/** The text of a file. @throws AppError `cli/unreadable-file` */
export async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'cli/unreadable-file', message, cause })
  })
}

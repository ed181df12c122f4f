/** Reads what stands behind the flags of a command. */

import { AppError } from '../base/app-error.ts'
import { readPasswordFile } from '../node/key-files.ts'
import { askPassword } from './ask-password.ts'
import type { Call } from './command.ts'

/** The text of a flag, if it was given. */
export function textOf(call: Call, flag: string): string | undefined {
  const value = call.own[flag]
  return typeof value === 'string' ? value : undefined
}

/** A whole number, or another one where the flag was not given; @throws AppError `cli/bad-usage` */
export function numberOf(
  call: Call,
  flag: string,
  {
    least,
    rest,
    of = 'chain',
  }: { readonly least: number; readonly rest: number; readonly of?: string },
): number {
  const text = textOf(call, flag)
  if (text === undefined) return rest
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least) return number
  throw badUsage(of, `--${flag} is a whole number from ${least} on, not "${text}"`)
}

/** A password from the file of `--password-file`, or from the terminal: twice, where it is to be kept. */
export async function passwordOf(
  call: Call,
  { question, twice }: { readonly question: string; readonly twice: boolean },
): Promise<string> {
  const file = textOf(call, 'password-file')
  if (file !== undefined) return readPasswordFile(file)
  const first = await askPassword(question)
  if (twice && (await askPassword('Once more')) !== first) {
    throw new AppError({ code: 'cli/bad-usage', message: 'the two passwords differ' })
  }
  return first
}

/** The error of words or flags that a command does not take. */
export function badUsage(command: string, reason: string): AppError {
  const message = `${reason}; see "quantumstream ${command} --help"`
  return new AppError({ code: 'cli/bad-usage', message })
}

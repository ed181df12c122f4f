/** Reads what all processes of the language have in common, and gives their results as outputs. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type Fields, fieldsOf, invalid, optionalText, textsOf, wordOf } from './call-fields.ts'
import type { Processes, ProcessResult, ProcessWish } from './processes.ts'

/** What every process may be given. */
export interface RunSettings {
  readonly stdin: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly wish: 'stdout' | 'stderr' | 'code' | 'all' | 'none'
  readonly awaited: boolean
}

/** Longest text that a program can be given as one argument, in bytes: Linux refuses 128 KiB. */
export const maxArgumentBytes = 100 * 1024
/** All arguments and the environment together, in characters. */
const maxArguments = 512 * 1024
/** Characters of stderr that an error shows. */
const shownCharacters = 500

/** `stdin`, `arguments`, `environment` of a process, and `return` and `await` of its task. */
export function runSettings(fields: Fields, what: string): RunSettings {
  const environment = Object.fromEntries(
    Object.keys(fieldsOf(fields.environment, 'environment')).map((name) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw invalid(`"${name}" is no name of a variable`)
      return [name, optionalText(fields.environment as Fields, name, 'environment') ?? '']
    }),
  )
  const args = textsOf(fields.arguments, `arguments of ${what}`)
  const all = [...args, ...Object.values(environment)]
  if (all.some((one) => one.includes('\0'))) throw invalid(`${what} is given a NUL character`)
  if (all.some((one) => Buffer.byteLength(one) > maxArgumentBytes))
    throw invalid(`an argument of ${what} has over ${maxArgumentBytes} bytes`)
  if (all.reduce((sum, one) => sum + one.length, 0) > maxArguments)
    throw invalid(`arguments of ${what} have over ${maxArguments} characters`)
  const { stdin } = fields
  return {
    ...{ args, environment },
    // Anything else that an expression gave is written as JSON.
    stdin: typeof stdin === 'string' ? stdin : stdin === undefined ? '' : JSON.stringify(stdin),
    wish: wordOf(fields.return, ['stdout', 'stderr', 'code', 'all', 'none'], '"return"'),
    awaited: fields.await !== false,
  }
}

/**
 * Runs a program as its task says. One that nobody waits for gives null.
 *
 * @throws WorkflowError `runtime` for a code other than 0, unless the task returns `code`, `stderr` or `all`
 */
export async function runAs(
  { wish, awaited }: RunSettings,
  program: ProcessWish,
  { processes, signal }: { readonly processes: Processes; readonly signal: AbortSignal },
): Promise<Json> {
  if (!awaited) {
    processes.leave(program)
    return null
  }
  const result = await processes.run(program, signal)
  if (result.code !== 0 && (wish === 'stdout' || wish === 'none')) throw failed(program, result)
  if (wish === 'none') return null
  return wish === 'all' ? { ...result } : result[wish]
}

/** A program that ended with a code that is a failure, or before it should. */
export function failed(
  { subject }: Pick<ProcessWish, 'subject'>,
  { code, stderr }: ProcessResult,
): WorkflowError {
  const said = stderr.trim().slice(-shownCharacters)
  const detail = `${subject} ended with code ${code}${said === '' ? '' : `: ${said}`}`
  return new WorkflowError({ type: 'runtime', title: 'Failed process', detail })
}

/** Reads the words behind the project's own commands: `--help` explains them, and what is wrong is told in one line. */

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { fileFailure } from '../src/base/file-reason.ts'

type Options = NonNullable<ParseArgsConfig['options']>
type Read<O extends Options, P extends boolean> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: P }>
>

/** Ends the command with one line and exit code 2, which says that nothing was done. */
export function refuse(message: string): never {
  process.stderr.write(`${message}; --help tells more\n`)
  process.exit(2)
}

/** The options and other words that were given; `--help` prints the usage and ends the command. */
export function readOptions<const O extends Options, const P extends boolean = false>(
  usage: string,
  { options, words }: { readonly options: O; readonly words?: P },
): Read<O, P> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  try {
    return parseArgs({ options, allowPositionals: words ?? false }) as Read<O, P>
  } catch (error) {
    // What follows the first sentence is about positional words.
    return refuse((error as Error).message.split('. ')[0] ?? '')
  }
}

/** Says in one line why a command cannot go on; it ends with exit code 2. */
export function giveUp(error: unknown): void {
  const reason = fileFailure(error) ?? (error instanceof Error ? error.message : error)
  process.stderr.write(`${reason}\n`)
  process.exitCode = 2
}

/** For a command that takes no words. */
export function takeNoOptions(usage: string): void {
  readOptions(usage, { options: {} })
}

/** A whole number that was given, or the command ends. */
export function wholeNumber(text: string, name: string, least: number): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least)
    refuse(`${name}: expected a whole number from ${least} on, got ${text}`)
  return number
}

/** One of these names, or the command ends. */
export function knownName(name: string, known: readonly string[]): string {
  if (!known.includes(name)) refuse(`there is no ${name}; there are ${known.join(', ')}`)
  return name
}

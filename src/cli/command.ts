/** Describes a command, and reads its flags from the command line. */

import { parseArgs } from 'node:util'
import { AppError } from '../base/app-error.ts'
import { flagName, type SettingName, settingNames, settingOf } from '../node/settings.ts'

/** A flag that only one command has. */
export interface OwnFlag {
  readonly name: string
  /** Of the value in the help; absent for a flag without one. */
  readonly value?: string
  readonly description: string
}

/** One word after `quantumstream`. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What follows the name, for the first line of its help. */
  readonly usage: string
  /** Further lines of the help: subcommands, examples. */
  readonly details?: string
  readonly flags: readonly OwnFlag[]
  /** Most words that it takes besides flags; a further one is a mistake. */
  readonly mostWords: number
  /** Settings that the command takes as flags. */
  readonly settings: readonly SettingName[]
  /** Gives the exit code. */
  run(call: Call): Promise<number>
}

/** A parsed command line. */
export interface Call {
  readonly words: readonly string[]
  /** Own flags by name; `true` for one without a value. */
  readonly own: Readonly<Record<string, string | true | undefined>>
  /** Flags of settings, for `loadConfig`. */
  readonly flags: Readonly<Record<string, string | boolean>>
}

/** Flags that every command has. */
const everywhere: readonly OwnFlag[] = [
  { name: 'profile', value: 'NAME', description: 'Reads quantumstream.NAME.json too' },
  { name: 'help', description: 'Prints this text' },
]

/**
 * Reads what follows a command's name.
 *
 * @throws AppError `cli/bad-usage`
 */
export function parseCall(command: Command, words: readonly string[]): Call {
  const own = [...command.flags, ...everywhere]
  const options = Object.fromEntries([
    ...command.settings.map((name) => [flagName(name), { type: kindOf(name) }] as const),
    ...own.map(({ name, value }) => [name, { type: value ? 'string' : 'boolean' }] as const),
    ['help', { type: 'boolean', short: 'h' }] as const,
  ]) as Record<string, { type: 'string' | 'boolean'; short?: string }>
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({
      args: [...words],
      options,
      allowPositionals: true,
      allowNegative: true,
    })
  } catch (cause) {
    const reason = (cause as Error).message
      .split(/\.\s/, 1)[0]
      // Of a value that may be another option.
      ?.replace(
        /'(--.*)' (argument is ambiguous)/,
        '$&; one that begins with - is given by $1=VALUE',
      )
    const message = `${reason}; see "quantumstream ${command.name} --help"`
    throw new AppError({ code: 'cli/bad-usage', message, cause })
  }
  const surplus = parsed.positionals[command.mostWords]
  if (surplus !== undefined) {
    const known =
      command.mostWords === 0 ? 'takes flags only, not' : 'does not know what to do with'
    const message = `"${command.name}" ${known} "${surplus}"; see "quantumstream ${command.name} --help"`
    throw new AppError({ code: 'cli/bad-usage', message })
  }
  const isOwn = (name: string) => own.some((flag) => flag.name === name)
  const given = Object.entries(parsed.values) as [string, string | boolean][]
  return {
    words: parsed.positionals,
    own: Object.fromEntries(given.filter(([name]) => isOwn(name))) as Call['own'],
    flags: Object.fromEntries(given.filter(([name]) => !isOwn(name))),
  }
}

function kindOf(name: SettingName): 'string' | 'boolean' {
  return typeof settingOf(name).default === 'boolean' ? 'boolean' : 'string'
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const rows = [
    ...command.settings.map((name) => [settingFlag(name), settingHelp(name)] as const),
    ...[...command.flags, ...everywhere].map(
      ({ name, value, description }) =>
        [`--${name}${value ? ` ${value}` : ''}`, description] as const,
    ),
  ]
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return [
    `quantumstream ${command.name} ${command.usage}`.trimEnd(),
    '',
    command.summary,
    ...(command.details ? ['', command.details] : []),
    '',
    ...rows.map(([flag, description]) => `  ${flag.padEnd(width)}  ${description}`),
  ].join('\n')
}

function settingFlag(name: SettingName): string {
  const setting = settingOf(name)
  if (typeof setting.default !== 'boolean') return `--${flagName(name)} VALUE`
  return setting.default ? `--no-${flagName(name)}` : `--${flagName(name)}`
}

function settingHelp(name: SettingName): string {
  const { default: value, description, flagDescription, env, unit } = settingOf(name)
  const shown = value === undefined || typeof value === 'boolean' ? '' : `, default ${value}`
  return `${flagDescription ?? description} (${env}${unit ? `, ${unit}` : ''}${shown}${choicesOf(name)})`
}

/** Where only some words are allowed, these. */
function choicesOf(name: SettingName): string {
  const { expected } = settingOf(name).kind
  return expected.startsWith('one of ') ? `; ${expected}` : ''
}

/** All settings, for commands that start a node. */
export const everySetting = settingNames

/** Reads the settings from flags, environment and files, and refuses what it does not understand. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import {
  flagName,
  type SettingName,
  type SettingValues,
  settingNames,
  settingOf,
} from './settings.ts'

type Raw = string | number | boolean

/** Values of all settings and where each came from (`flag`, `environment`, a file's name, `default`). */
export interface Config {
  readonly values: SettingValues
  readonly sources: Readonly<Record<SettingName, string>>
}

/** Where settings are read. */
export interface ConfigInputs {
  /** By flag name without dashes; `true` for a flag without value, `false` for `--no-…`. */
  readonly flags: Readonly<Record<string, string | boolean>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where `.env` and `quantumstream.json` are looked for. */
  readonly folder: string
  /** Reads `quantumstream.PROFILE.json` before `quantumstream.json`. */
  readonly profile?: string | undefined
}

/** Variables that begin with `QS_` but are no settings: those of the tests. */
const foreignVariables = new Set(['QS_CHROMIUM', 'QS_CONFORMANCE'])

/**
 * Gathers the settings: flags before environment before `.env` before the profile's file before
 * `quantumstream.json` before defaults.
 *
 * @throws AppError `config/unknown-setting`, `config/bad-value`, `config/bad-file`
 */
export async function loadConfig(inputs: ConfigInputs): Promise<Config> {
  const file = async (name: string) => ({ name, values: await readSettingsFile(inputs, name) })
  const layers = [
    { name: 'flag', values: fromFlags(inputs.flags) },
    { name: 'environment', values: fromEnvironment(inputs.environment, 'the environment') },
    { name: '.env', values: fromEnvironment(await readDotEnv(inputs.folder), '.env') },
    ...(inputs.profile === undefined ? [] : [await file(`quantumstream.${inputs.profile}.json`)]),
    await file('quantumstream.json'),
  ]
  const values: Record<string, unknown> = {}
  const sources: Record<string, string> = {}
  for (const name of settingNames) {
    const layer = layers.find((one) => one.values.has(name))
    const raw = layer?.values.get(name)
    sources[name] = layer?.name ?? 'default'
    values[name] = raw === undefined ? settingOf(name).default : readValue(name, raw, sources[name])
  }
  return { values: values as SettingValues, sources: sources as Record<SettingName, string> }
}

function readValue(name: SettingName, raw: Raw, source: string): unknown {
  const setting = settingOf(name)
  const value = setting.kind.read(raw)
  if (value !== undefined) return value
  const called = {
    flag: `--${flagName(name)}`,
    environment: setting.env,
    '.env': `${setting.env} in .env`,
  }[source]
  const shown =
    setting.secret || setting.kind.hidden ? '' : `, got ${JSON.stringify(raw).slice(0, 80)}`
  throw new AppError({
    code: 'config/bad-value',
    message: `${called ?? `"${name}" in ${source}`}: expected ${setting.kind.expected}${shown}`,
    data: { name, source },
  })
}

function fromFlags(flags: ConfigInputs['flags']): Map<SettingName, Raw> {
  const known = new Map(settingNames.map((name) => [flagName(name), name]))
  const found = new Map<SettingName, Raw>()
  for (const [flag, value] of Object.entries(flags)) {
    const name = known.get(flag)
    if (name === undefined) throw unknown(`--${flag}`, 'the command line')
    found.set(name, value)
  }
  return found
}

function fromEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  where: string,
): Map<SettingName, Raw> {
  const known = new Map(settingNames.map((name) => [settingOf(name).env, name]))
  const found = new Map<SettingName, Raw>()
  for (const [variable, value] of Object.entries(variables)) {
    const name = known.get(variable)
    if (name !== undefined && value !== undefined && value !== '') found.set(name, value)
    else if (name === undefined && variable.startsWith('QS_') && !foreignVariables.has(variable)) {
      throw unknown(variable, where)
    }
  }
  return found
}

async function readDotEnv(folder: string): Promise<Readonly<Record<string, string | undefined>>> {
  const text = await readText(path.join(folder, '.env'))
  return text === undefined ? {} : parseEnv(text)
}

async function readSettingsFile(
  inputs: ConfigInputs,
  name: string,
): Promise<Map<SettingName, Raw>> {
  const file = path.join(inputs.folder, name)
  const text = await readText(file)
  if (text === undefined) {
    if (name === 'quantumstream.json') return new Map()
    throw badFile(file, 'the profile has no such file')
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    // The parser's own message quotes the file, which may hold a secret.
    const [place = ''] = / \(line \d+ column \d+\)/.exec((cause as Error).message) ?? []
    throw badFile(file, `is no JSON${place}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw badFile(file, 'expected one JSON object of settings')
  }
  const found = new Map<SettingName, Raw>()
  for (const [key, value] of Object.entries(content)) {
    const known = settingNames.find((one) => one === key)
    if (known === undefined) throw unknown(`"${key}"`, file)
    if (settingOf(known).kind.isSection) {
      found.set(known, JSON.stringify(value))
      continue
    }
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw badFile(file, `"${key}" must be text, a number, true or false`)
    }
    found.set(known, value as Raw)
  }
  return found
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw badFile(file, fileReason(cause))
  }
}

function badFile(file: string, reason: string): AppError {
  return new AppError({ code: 'config/bad-file', message: `${file}: ${reason}`, data: { file } })
}

function unknown(name: string, where: string): AppError {
  return new AppError({
    code: 'config/unknown-setting',
    message: `${name} in ${where} is no setting; "quantumstream config --help" lists them all`,
    data: { name },
  })
}

/** One setting as it may be shown. */
export interface ShownSetting {
  readonly name: SettingName
  readonly value: unknown
  readonly source: string
}

/** All settings without their secrets. */
export function showConfig(config: Config): readonly ShownSetting[] {
  return settingNames.map((name) => {
    const value = config.values[name]
    const secret = settingOf(name).secret && value !== undefined
    return {
      name,
      value: secret ? '[secret]' : withoutSecrets(value),
      source: config.sources[name],
    }
  })
}

/** The settings that somebody has set, for `startNode`. */
export function givenSettings(config: Config): Partial<SettingValues> {
  const given = settingNames.filter((name) => config.sources[name] !== 'default')
  return Object.fromEntries(given.map((name) => [name, config.values[name]]))
}

/** An address is cut to its origin: what follows, and what stands before the host, can be a secret. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const parts = value.split(',')
  if (parts.length > 1 && parts.every((part) => URL.canParse(part))) {
    return parts.map(withoutSecrets).join(',')
  }
  if (!URL.canParse(value)) return value
  const { protocol, host, pathname, search } = new URL(value)
  if (host === '') return value
  return `${protocol}//${host}${pathname.length > 1 || search !== '' ? '/…' : ''}`
}

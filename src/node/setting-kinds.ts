/** Lists what values of settings look like, and reads them. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { signatureSchemes } from '../crypto/signatures.ts'

/** One setting. */
export interface Setting<T> {
  readonly kind: Kind<T>
  readonly default: T
  readonly description: string
  /** What the flag does, where that is the opposite (`--no-…`). */
  readonly flagDescription?: string
  /** Environment variable. */
  readonly env: string
  readonly unit?: string
  /** Never printed. */
  readonly secret?: true
}

/** What a value must look like; `read` gives the value, or `undefined` if `raw` is not one. */
export interface Kind<T> {
  /** Ends the sentence "expected …". */
  readonly expected: string
  read(raw: string | number | boolean): T | undefined
  /** A bad value may hold a secret and is not shown. */
  readonly hidden?: true
  /** In a file it is a list or an object, elsewhere the JSON of one. */
  readonly isSection?: true
}

export const text: Kind<string | undefined> = {
  expected: 'text',
  read: (raw) => (typeof raw === 'string' && raw !== '' ? raw : undefined),
}

/** An address of one of these schemes; what is wrong with one is told without it, as it may hold a key. */
export function url(...schemes: readonly string[]): Kind<string | undefined> {
  return {
    expected: `an address such as ${schemes[0]}://host:port`,
    hidden: true,
    read: (raw) =>
      typeof raw === 'string' && schemes.some((one) => raw.startsWith(`${one}://`)) && isUrl(raw)
        ? raw
        : undefined,
  }
}

/** Whether it is whole, and its user and password can be decoded. */
function isUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return ![username, password].some((part) => /%(?![0-9a-fA-F]{2})/.test(part))
}

export const web = url('http', 'https')

/** Addresses of JSON-RPC endpoints with commas or spaces between them. */
export const endpointList: Kind<string | undefined> = {
  expected:
    'an address such as http://host:port or wss://host, or several with commas or spaces between them',
  hidden: true,
  read: (raw) => {
    if (typeof raw !== 'string') return undefined
    const words = endpointsOf(raw)
    const one = url('http', 'https', 'ws', 'wss')
    const isWell = words.length > 0 && words.every((word) => one.read(word) !== undefined)
    return isWell && new Set(words).size === words.length ? words.join(',') : undefined
  },
}

/** The addresses of such a list. */
export function endpointsOf(list: string): readonly string[] {
  return list.split(/[\s,]+/).filter((word) => word !== '')
}

export const address: Kind<string | undefined> = {
  expected: '0x and 40 hex digits',
  read: (raw) =>
    typeof raw === 'string' && /^0x[0-9a-fA-F]{40}$/.test(raw) ? raw.toLowerCase() : undefined,
}

/** Values of one kind with commas between them. */
export function several(kind: Kind<string | undefined>): Kind<string | undefined> {
  return {
    expected: `${kind.expected}, or several with commas between them`,
    ...(kind.hidden ? { hidden: kind.hidden } : {}),
    read: (raw) => {
      const values = typeof raw === 'string' ? listOf(raw).map(kind.read) : [undefined]
      return values.includes(undefined) ? undefined : values.join(',')
    },
  }
}

/** What has commas between it. */
export function listOf(text: string): readonly string[] {
  return text.split(',').map((one) => one.trim())
}

export const flag: Kind<boolean> = {
  expected: 'true or false',
  read: (raw) => {
    if (typeof raw === 'boolean') return raw
    if (raw === 'true' || raw === '1') return true
    return raw === 'false' || raw === '0' ? false : undefined
  },
}

export function within(low: number, high: number, whole: boolean): Kind<number> {
  return {
    expected: `a ${whole ? 'whole ' : ''}number from ${low} to ${high}`,
    read: (raw) => {
      const value = typeof raw === 'string' && /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw
      if (typeof value !== 'number' || (whole && !Number.isSafeInteger(value))) return undefined
      return value >= low && value <= high ? value : undefined
    },
  }
}

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    expected: `one of ${choices.join(', ')}`,
    read: (raw) => choices.find((choice) => choice === raw),
  }
}

export const port = within(0, 65_535, true)

/** The chain counts in milliseconds: what is less than one would be taken for 0, which means something else. */
export const blockTime: Kind<number> = {
  expected: '0, or a number of seconds from 0.001 to 3600',
  read: (raw) => {
    const seconds = within(0, 3_600, false).read(raw)
    return seconds === undefined || (seconds > 0 && seconds < 0.001) ? undefined : seconds
  },
}

/** Names with commas between them, each of which is of one form. */
export function list(expected: string, isOne: (word: string) => boolean): Kind<string | undefined> {
  return {
    expected,
    read: (raw) =>
      typeof raw === 'string' && raw !== '' && raw.split(',').every(isOne) ? raw : undefined,
  }
}

/** Names of signature schemes. */
export const schemeList = list(
  `${signatureSchemes.join(', ')}, or several with commas between them`,
  (word) => signatureSchemes.some((one) => one === word),
)

/** A part of the configuration of its own form, which is kept as JSON; what it may say is checked where it is used. */
export const section: Kind<string | undefined> = {
  expected: 'a list or an object of JSON',
  hidden: true,
  isSection: true,
  read: (raw) => (typeof raw === 'string' && isJsonOfParts(raw) ? raw : undefined),
}

function isJsonOfParts(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** What a section says. @throws AppError `node/bad-section`, where a caller gave what is no JSON */
export function sectionOf(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new AppError({ code: 'node/bad-section', message: 'a section is no JSON', cause })
  }
}

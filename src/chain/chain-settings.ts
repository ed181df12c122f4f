/** Describes what may be chosen for a chain of this process that is not fixed at its birth, and keeps it in its folder. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fromHex } from '../base/bytes.ts'
import { writeWholeFile } from '../store/durable-folder.ts'
import type { ChainOptions } from './chain-parts.ts'

/** Lowest and highest value of each bound that is a number. */
export const chainBounds = {
  poolTransactions: [1, 1e7],
  poolPerSender: [1, 1e7],
  poolBacklog: [1, 1e7],
  stateHistory: [2, 1e5],
  stateMemory: [16, 3_500],
  blockMemory: [0, 3_500],
  minerThreads: [0, 64],
  snapshotEvery: [0, 1e7],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

/** Bounds of one chain, by the names and in the units of the settings of the process: memory in MiB, history in blocks. */
export type ChainSettings = { readonly [Name in keyof typeof chainBounds]: number } & {
  readonly stateArchive: boolean
  /** Who is paid for blocks that this node seals by work, as hex; absent: it seals none. */
  readonly miner?: string | undefined
}

/** Settings that are no numbers, and what they must be. */
const others = {
  stateArchive: { text: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' },
  miner: {
    text: '0x and 40 hex digits',
    accepts: (value: unknown) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value),
  },
} as const

/** What a chain's folder says of how it is run. */
export interface KeptSettings {
  /** Whether it is started with the process. */
  readonly isToRun: boolean
  /** Settings that differ from those of the process. */
  readonly own: Partial<ChainSettings>
}

const fileIn = (folder: string) => path.join(folder, 'settings.json')

/** The options that settings stand for. */
export function optionsOf(
  settings: ChainSettings,
): Omit<ChainOptions, 'manifest' | 'folder' | 'beneficiary' | 'checkpointBytes'> {
  const { poolTransactions: maxTransactions, poolPerSender: maxPerSender, miner } = settings
  return {
    pool: { maxTransactions, maxPerSender },
    backlog: settings.poolBacklog,
    history: settings.stateHistory,
    archive: settings.stateArchive,
    snapshotEvery: settings.snapshotEvery,
    stateMemoryBytes: settings.stateMemory * 1024 * 1024,
    blockMemoryBytes: settings.blockMemory * 1024 * 1024,
    ...(miner && { mining: { payTo: fromHex(miner), threads: settings.minerThreads } }),
  }
}

/** Some settings from JSON; @throws AppError `chain/bad-settings`, naming the field */
export function parseChainSettings(value: unknown): Partial<ChainSettings> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('they must be an object')
  }
  for (const [name, one] of Object.entries(value)) {
    const other = Object.hasOwn(others, name) && others[name as keyof typeof others]
    if (other && !other.accepts(one)) throw bad(`${name} must be ${other.text}`)
    if (other) continue
    const bounds = Object.hasOwn(chainBounds, name) && chainBounds[name as keyof typeof chainBounds]
    if (!bounds) {
      const known = Object.keys({ ...chainBounds, ...others }).join(', ')
      throw bad(`${JSON.stringify(name.slice(0, 80))} is none of ${known}`)
    }
    const [low, high] = bounds
    if (!Number.isSafeInteger(one) || one < low || one > high) {
      throw bad(`${name} must be a whole number from ${low} to ${high}`)
    }
  }
  return value
}

/** What a chain's folder keeps; a chain without a file is not started by itself. @throws AppError `chain/bad-settings` */
export async function readSettings(folder: string): Promise<KeptSettings> {
  let text: string
  try {
    text = await readFile(fileIn(folder), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { isToRun: false, own: {} }
    throw error
  }
  try {
    const { isToRun, ...own } = JSON.parse(text)
    return { isToRun: isToRun === true, own: parseChainSettings(own) }
  } catch (cause) {
    const message = `${fileIn(folder)} cannot be read: ${(cause as Error).message}; mend or remove it`
    throw new AppError({ code: 'chain/bad-settings', message, cause })
  }
}

/** Writes them, whole or not at all. */
export async function keepSettings(folder: string, { isToRun, own }: KeptSettings): Promise<void> {
  const text = JSON.stringify({ isToRun, ...own }, null, 2)
  await writeWholeFile(fileIn(folder), new TextEncoder().encode(`${text}\n`))
}

function bad(reason: string): AppError {
  return new AppError({ code: 'chain/bad-settings', message: `settings of the chain: ${reason}` })
}

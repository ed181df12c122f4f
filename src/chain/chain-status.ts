/** Describes the chains of a process: what each is, what it does at the moment, and why it fails. */

import { AppError } from '../base/app-error.ts'
import type { Chain } from './chain.ts'
import type { DrivenChain } from './chain-parts.ts'
import type { Manifest } from './ledger/manifest.ts'

/** What is told of the manifest of a chain. */
type Birth = Pick<Manifest, 'chainId' | 'consensus' | 'parent'>

/** What a chain does at the moment. */
export type ChainActivity =
  | 'creating'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'removing'

/** A chain of the set as it is now. */
export interface ChainStatus {
  readonly name: string
  /** Absent for a folder whose manifest cannot be read. */
  readonly birth: Birth | undefined
  /** Which portion of the state that it is forked from is copied, from 0 to 1, while it is created. */
  readonly portion: number | undefined
  readonly activity: ChainActivity
  /** Why it failed. */
  readonly problem: string | undefined
  /** The chain that the process stands on, which runs as long as the process does. */
  readonly isFirst: boolean
  /** While it is open. */
  readonly chain: DrivenChain | undefined
}

/** The same as it is kept. */
export interface Entry {
  readonly name: string
  readonly isFirst: boolean
  birth: Birth | undefined
  portion: number | undefined
  activity: ChainActivity
  problem: string | undefined
  chain: DrivenChain | undefined
}

/** A chain of the disk of which nothing is known yet. */
export function restingEntry(name: string): Entry {
  return {
    ...{ name, isFirst: false, birth: undefined, portion: undefined, chain: undefined },
    ...{ activity: 'stopped', problem: undefined },
  }
}

/** Its accounts are left out, which may be many. */
export function toldBirth({ chainId, consensus, parent }: Manifest): Birth {
  return { chainId, consensus, ...(parent && { parent }) }
}

/** What is told of a chain; one whose disk has failed runs no more. */
export function statusOf({
  name,
  isFirst,
  birth,
  activity,
  problem,
  chain,
  portion,
}: Entry): ChainStatus {
  const failure = chain?.failure?.message
  const hasFailed = activity === 'running' && failure !== undefined
  return {
    ...{ name, birth, isFirst, chain, portion },
    activity: hasFailed ? 'failed' : activity,
    problem: failure ?? problem,
  }
}

/** Checkpoints that may lack finality before a chain is called degraded. */
const mostUnfinal = 8n

/** Whether what a committee made final is far behind; blocks go on without, so that this is no fault of the node. */
export function isDegraded(chain: Pick<Chain, 'manifest' | 'head' | 'finalized'>): boolean {
  const { consensus } = chain.manifest
  if (consensus.engine !== 'hybrid') return false
  const lag = chain.head().header.number - chain.finalized().header.number
  return lag > mostUnfinal * BigInt(consensus.checkpointEvery)
}

/** Says that a chain fails, and why. */
export function fail(entry: Entry, error: unknown): void {
  entry.activity = 'failed'
  entry.problem = error instanceof Error ? error.message : String(error)
}

/** The error of a folder without a manifest. */
export function missing(folder: string): AppError {
  const message = `${folder} holds no manifest.json: restore it from a backup, or remove the chain`
  return new AppError({ code: 'chain/no-manifest', message })
}

/** @throws AppError `chain/first` */
export function mustNotBeFirst({ name, isFirst }: Entry, what: string): void {
  if (!isFirst) return
  const message = `the node stands on the chain "${name}", which cannot be ${what} while it runs; stop the node instead`
  throw new AppError({ code: 'chain/first', message })
}

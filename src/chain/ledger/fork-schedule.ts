/** Tells which rules hold in which block of a chain, from the schedule of its forks. */

import {
  type BlobParameters,
  type ChainRules,
  type DaoFork,
  type Hardfork,
  isAtLeast,
  type RuleNumbers,
  rulesOf,
} from './fork-rules.ts'
import { type JsonFields, maxU64 } from './json-fields.ts'
import type { Address } from './transaction.ts'

/** Rules, and from where on they hold: by one of block, time and total difficulty, or from the beginning. */
export interface ForkStart {
  readonly hardfork: Hardfork
  readonly block?: bigint
  /** Seconds since the epoch. */
  readonly time?: bigint
  /**
   * In every block without difficulty. The first of them comes when the difficulties of all before add up to this
   * (EIP-3675).
   */
  readonly totalDifficulty?: bigint
  /** A block that stands for the Merge among the forks that nodes compare (EIP-2124); no rule depends on it. */
  readonly netsplitBlock?: bigint
  /** In place of the fork's own (EIP-7892). */
  readonly blobs?: BlobParameters
  /** The chain's own numbers in place of the fork's. */
  readonly changes?: Partial<RuleNumbers>
}

/** What rules follow from. */
interface Scheduled {
  readonly chainId: bigint
  readonly forks: readonly ForkStart[]
  readonly depositContract?: Address | undefined
  readonly daoFork?: DaoFork | undefined
}

/** The rules of each block of a chain; a block whose difficulty is not said has none. */
export function chainRules({ chainId, forks, depositContract, daoFork }: Scheduled): ChainRules {
  const stages = forks.map((fork) => ({ fork, rules: rulesOf(fork.hardfork, fork) }))
  const birth = stages[0]?.rules ?? rulesOf('frontier')
  return {
    chainId,
    ...{ depositContract, daoFork },
    rulesAt: (block) => stages.findLast(({ fork }) => hasBegun(fork, block))?.rules ?? birth,
  }
}

/** Whether the rules of a fork hold in a block, unless a later fork's do. */
export function hasBegun(
  { block, time, totalDifficulty }: ForkStart,
  at: Parameters<ChainRules['rulesAt']>[0],
): boolean {
  if (block !== undefined) return at.number >= block
  if (time !== undefined) return at.timestamp >= time
  return totalDifficulty === undefined || (at.difficulty ?? 0n) === 0n
}

/** The schedule as JSON. */
export function forksToJson(forks: readonly ForkStart[]): unknown {
  return forks.map(({ hardfork, block, time, totalDifficulty, netsplitBlock, blobs, changes }) => ({
    hardfork,
    ...(block === undefined ? {} : { block: String(block) }),
    ...(time === undefined ? {} : { time: String(time) }),
    ...(totalDifficulty === undefined ? {} : { totalDifficulty: String(totalDifficulty) }),
    ...(netsplitBlock === undefined ? {} : { netsplitBlock: String(netsplitBlock) }),
    ...(blobs && { blobs }),
    ...(changes && { changes }),
  }))
}

/** A schedule from JSON: forks in their order, the first from the beginning. */
export function forksFromJson(
  value: unknown,
  json: JsonFields,
  known: readonly Hardfork[],
): readonly ForkStart[] {
  const forks = json
    .list(value, 'forks')
    .map((one, at) => forkFrom(one, `forks[${at}]`, json, known))
  assertInOrder(forks, json)
  return forks
}

/** @throws what `json` throws, when the first fork does not begin with the chain or one stands before an older one */
export function assertInOrder(forks: readonly ForkStart[], json: JsonFields): void {
  const [first] = forks
  if (first === undefined) throw json.bad('forks', 'must name at least one fork')
  if (first.time !== undefined || first.totalDifficulty !== undefined || first.block) {
    throw json.bad('forks[0]', 'must hold from the first block on')
  }
  for (const [at, fork] of forks.entries()) {
    const before = forks[at - 1]
    if (before === undefined) continue
    const where = `forks[${at}] (${fork.hardfork})`
    if (!isAtLeast(fork.hardfork, before.hardfork)) {
      throw json.bad(where, `stands after ${before.hardfork}, which is newer`)
    }
    if (!comesLater(before, fork)) throw json.bad(where, 'begins before the fork above it')
  }
}

/** Blocks come first, then the total difficulty, then times; a fork that says nothing begins with the chain. */
function comesLater(before: ForkStart, after: ForkStart): boolean {
  if (after.time !== undefined) return (before.time ?? 0n) <= after.time
  if (before.time !== undefined) return false
  if (after.totalDifficulty !== undefined) return before.totalDifficulty === undefined
  return before.totalDifficulty === undefined && (before.block ?? 0n) <= (after.block ?? 0n)
}

function forkFrom(
  value: unknown,
  where: string,
  json: JsonFields,
  known: readonly Hardfork[],
): ForkStart {
  const starts = ['block', 'time', 'totalDifficulty'] as const
  const fields = json.only(value, where, [
    ...['hardfork', ...starts, 'netsplitBlock', 'blobs', 'changes'],
  ])
  const hardfork = known.find((one) => one === fields.hardfork)
  if (!hardfork) throw json.bad(`${where}.hardfork`, `must be one of ${known.join(', ')}`)
  const given = starts.filter((name) => fields[name] !== undefined)
  if (given.length > 1) throw json.bad(where, `has both ${given.join(' and ')}`)
  const start = given.map((name) => {
    const most = name === 'totalDifficulty' ? undefined : maxU64
    return [name, json.natural(fields[name], `${where}.${name}`, most)]
  })
  return {
    hardfork,
    ...Object.fromEntries(start),
    ...(fields.netsplitBlock === undefined
      ? {}
      : { netsplitBlock: json.natural(fields.netsplitBlock, `${where}.netsplitBlock`, maxU64) }),
    ...(fields.blobs === undefined
      ? {}
      : { blobs: blobsFromJson(fields.blobs, `${where}.blobs`, json) }),
    ...(fields.changes === undefined
      ? {}
      : { changes: changesFrom(fields.changes, `${where}.changes`, json) }),
  }
}

/** Most blobs that a block can be set to hold: EIP-4844's gas of them stays well within 64 bits. */
const maxBlobs = 100_000n

/** Blob parameters from JSON. */
export function blobsFromJson(
  value: unknown,
  where: string,
  json: JsonFields,
  fraction = 'updateFraction',
): BlobParameters {
  const fields = json.only(value, where, ['target', 'max', fraction])
  const read = (name: string, most: bigint) =>
    Number(json.natural(fields[name], `${where}.${name}`, most))
  const blobs = {
    ...{ target: read('target', maxBlobs), max: read('max', maxBlobs) },
    updateFraction: read(fraction, 2n ** 53n - 1n),
  }
  if (blobs.updateFraction === 0) throw json.bad(`${where}.${fraction}`, 'must not be 0')
  if (blobs.target > blobs.max) throw json.bad(where, 'has a target over its max')
  return blobs
}

function changesFrom(value: unknown, where: string, json: JsonFields): Partial<RuleNumbers> {
  const names = Object.keys(rulesOf('frontier').numbers)
  const fields = json.only(value, where, names)
  const numbers = Object.entries(fields).map(([name, one]) => [
    name,
    Number(json.natural(one, `${where}.${name}`, 2n ** 53n - 1n)),
  ])
  return Object.fromEntries(numbers)
}

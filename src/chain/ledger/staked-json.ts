/** Reads what manifests have in common whose validators come from stakes. */

import type { JsonFields } from './json-fields.ts'
import type { FirstStaked, StakedParameters } from './manifest.ts'
import { addressFromJson, type Given, numberReader, votedNames } from './voted-json.ts'

/** Fields that such chains have in common. */
export const stakedNames = [
  ...([...votedNames, 'engine', 'validators', 'maxCandidates', 'issuanceWei'] as const),
] satisfies readonly (keyof StakedParameters | 'engine' | 'validators')[]

/** A century, in seconds. */
export const longestSeconds = 100 * 366 * 86_400
const gwei = 10n ** 9n
/** So that sums of gwei stay below 2^63 in a set of 128. */
export const mostStakeWei = (2n ** 56n - 1n) * gwei
/** So that what an epoch pays has room in a withdrawal (EIP-4895). */
const mostIssuanceWei = 10n ** 23n
/** Most candidates that a contract lists. */
const mostCandidates = 1_024
/** All of something, in 1/10,000. */
export const wholeBps = 10_000

/** The fields themselves, without those of all chains that are voted on. */
export function stakedFromJson(
  given: Given,
  json: JsonFields,
): Pick<StakedParameters, 'maxCandidates' | 'issuanceWei'> {
  return {
    maxCandidates: numberReader(given, json)('maxCandidates', {
      ...{ most: mostCandidates, rest: mostCandidates, least: 1 },
    }),
    issuanceWei: json.natural(given.issuanceWei ?? '0', 'consensus.issuanceWei', mostIssuanceWei),
  }
}

/** Wei in a range, or what is taken if they are left out. */
export function stakeFromJson(
  value: unknown,
  json: JsonFields,
  { where, least = gwei }: { readonly where: string; readonly least?: bigint },
): bigint {
  const wei = json.natural(value, where, mostStakeWei)
  if (wei >= least) return wei
  throw json.bad(where, `must be ${least} at least`)
}

/** Fields of a first validator that say whose it is. */
export const firstStakedNames = ['owner', 'commissionBps'] as const

/** These fields. */
export function firstStaked(
  fields: Given,
  where: string,
  json: JsonFields,
): Pick<FirstStaked, (typeof firstStakedNames)[number]> {
  const bps = json.natural(fields.commissionBps ?? 0, `${where}.commissionBps`, BigInt(wholeBps))
  return {
    owner: addressFromJson(fields.owner, `${where}.owner`, json),
    commissionBps: Number(bps),
  }
}

/** Blocks in so many seconds, rounded up. */
export function blocksIn(seconds: number, blockTimeMs: number): number {
  return Math.ceil((seconds * 1_000) / blockTimeMs)
}

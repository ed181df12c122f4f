/** Reads what a manifest says about a proof-of-stake chain, strictly, and fills in what it leaves out. */

import type { JsonFields } from './json-fields.ts'
import type { PosParameters } from './manifest.ts'
import {
  blocksIn,
  firstStaked,
  firstStakedNames,
  longestSeconds,
  stakedFromJson,
  stakedNames,
  stakeFromJson,
  wholeBps,
} from './staked-json.ts'
import {
  firstValidators,
  type Given,
  mostValidators,
  numberReader,
  votedFromJson,
  wholeNumber,
} from './voted-json.ts'

/** What is taken for a field that is left out. */
const defaults = {
  ...{ epochLength: 120, minStakeWei: 10n ** 18n, unbondingSeconds: 604_800 },
  ...{ slash: { doubleSignBps: 500, correlation: 3 }, maxWithMlDsa: 32 },
} as const
/** So that what an epoch pays has room in a withdrawal. */
const mostEpochLength = 100_000

const names = [
  ...([...stakedNames, 'maxValidators', 'epochLength', 'minStakeWei'] as const),
  ...(['unbondingSeconds', 'slash'] as const),
] satisfies readonly (keyof PosParameters)[]

/** The consensus of a manifest; @throws what `json` throws, naming the field */
export function posFromJson(value: unknown, json: JsonFields): PosParameters {
  const given = json.only(value, 'consensus', names)
  const number = numberReader(given, json)
  const epochLength = number('epochLength', {
    ...{ most: mostEpochLength, rest: defaults.epochLength, least: 2 },
  })
  const unbondingSeconds = number('unbondingSeconds', {
    ...{ most: longestSeconds, rest: defaults.unbondingSeconds },
  })
  const minStakeWei = stakeFromJson(given.minStakeWei ?? String(defaults.minStakeWei), json, {
    where: 'consensus.minStakeWei',
  })
  const voted = votedFromJson(given, json, (blockTimeMs) => blocksIn(unbondingSeconds, blockTimeMs))
  if (blocksIn(unbondingSeconds, voted.blockTimeMs) < epochLength) {
    throw json.bad('consensus.unbondingSeconds', 'must be no shorter than an epoch')
  }
  const validators = firstStakers(given.validators, minStakeWei, json)
  const hasMlDsa = validators.some(({ scheme }) => scheme === 'ml-dsa-65')
  const maxValidators = number('maxValidators', {
    ...{ most: mostValidators, rest: hasMlDsa ? defaults.maxWithMlDsa : mostValidators },
  })
  const staked = stakedFromJson(given, json)
  for (const name of ['maxValidators', 'maxCandidates'] as const) {
    if ({ ...staked, maxValidators }[name] >= validators.length) continue
    throw json.bad(`consensus.${name}`, 'must have room for the first validators')
  }
  return {
    ...{ engine: 'pos', ...voted, ...staked, validators, maxValidators },
    ...{ epochLength, minStakeWei, unbondingSeconds, slash: slash(given.slash, json) },
  }
}

function firstStakers(
  value: unknown,
  least: bigint,
  json: JsonFields,
): PosParameters['validators'] {
  return firstValidators(value, json, {
    names: [...firstStakedNames, 'stakeWei', 'commitment'],
    read: (fields, where) => ({
      ...firstStaked(fields, where, json),
      stakeWei: stakeFromJson(fields.stakeWei, json, { where: `${where}.stakeWei`, least }),
      commitment: json.bytes(fields.commitment, `${where}.commitment`, 32),
    }),
  })
}

function slash(value: unknown, json: JsonFields): PosParameters['slash'] {
  const own: Given =
    value === undefined ? {} : json.only(value, 'consensus.slash', ['doubleSignBps', 'correlation'])
  const number = (name: keyof typeof defaults.slash, most: number) =>
    wholeNumber(own[name] ?? defaults.slash[name], { where: `consensus.slash.${name}`, most, json })
  return {
    doubleSignBps: number('doubleSignBps', wholeBps),
    correlation: number('correlation', 2 ** 16 - 1),
  }
}

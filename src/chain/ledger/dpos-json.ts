/** Reads what a manifest says about a chain of delegates, strictly, and fills in what it leaves out. */

import type { JsonFields } from './json-fields.ts'
import type { DposParameters, FirstDelegate } from './manifest.ts'
import {
  blocksIn,
  firstStaked,
  firstStakedNames,
  longestSeconds,
  mostStakeWei,
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
} from './voted-json.ts'

const [week, month] = [604_800, 2_592_000]
const ether = 10n ** 18n

/** What is taken for a field that is left out. */
const defaults = {
  ...{ active: 21, standby: 2, minStandbyWei: ether, registrationFeeWei: 10n * ether },
  ...{ unlockSeconds: week, ownUnlockSeconds: month, slashBps: 1_000, banSeconds: month },
} as const
/** A set of fewer has no fault that it could stand. */
const leastActive = 4
/** As the contract has room for. */
const mostFeeWei = 2n ** 96n - 1n

const names = [
  ...([...stakedNames, 'active', 'standby', 'minStandbyWei', 'registrationFeeWei'] as const),
  ...(['unlockSeconds', 'ownUnlockSeconds', 'slashBps', 'banSeconds'] as const),
] satisfies readonly (keyof DposParameters)[]

/** The consensus of a manifest; @throws what `json` throws, naming the field */
export function dposFromJson(value: unknown, json: JsonFields): DposParameters {
  const given = json.only(value, 'consensus', names)
  const number = numberReader(given, json)
  const seconds = (name: 'unlockSeconds' | 'ownUnlockSeconds' | 'banSeconds') =>
    number(name, { most: longestSeconds, rest: defaults[name] })
  const wei = (name: 'minStandbyWei' | 'registrationFeeWei', most: bigint) =>
    json.natural(given[name] ?? String(defaults[name]), `consensus.${name}`, most)
  const active = number('active', {
    ...{ most: mostValidators, rest: defaults.active, least: leastActive },
  })
  const standby = number('standby', { most: mostValidators - active, rest: defaults.standby })
  const unlockSeconds = seconds('unlockSeconds')
  const voted = votedFromJson(given, json, (blockTimeMs) => blocksIn(unlockSeconds, blockTimeMs))
  if (blocksIn(unlockSeconds, voted.blockTimeMs) < active + standby) {
    throw json.bad('consensus.unlockSeconds', 'must be no shorter than a round')
  }
  const ownUnlockSeconds = seconds('ownUnlockSeconds')
  if (ownUnlockSeconds < unlockSeconds) {
    throw json.bad('consensus.ownUnlockSeconds', 'must be no less than unlockSeconds')
  }
  const validators = firstDelegates(given.validators, json)
  if (validators.length > active + standby) {
    throw json.bad('consensus.validators', 'must be no more than active and standby together')
  }
  const staked = stakedFromJson(given, json)
  if (staked.maxCandidates < validators.length) {
    throw json.bad('consensus.maxCandidates', 'must have room for the first validators')
  }
  return {
    ...{ engine: 'dpos', ...voted, ...staked, validators, active, standby },
    minStandbyWei: wei('minStandbyWei', mostStakeWei),
    registrationFeeWei: wei('registrationFeeWei', mostFeeWei),
    ...{ unlockSeconds, ownUnlockSeconds, banSeconds: seconds('banSeconds') },
    slashBps: number('slashBps', { most: wholeBps, rest: defaults.slashBps }),
  }
}

function firstDelegates(value: unknown, json: JsonFields): readonly FirstDelegate[] {
  const known = new Set<string>()
  return firstValidators(value, json, {
    names: [...firstStakedNames, 'name', 'ownVotesWei'],
    read(fields, where) {
      const name = nameOf(fields, where, json)
      if (known.has(name)) throw json.bad(`${where}.name`, 'is there twice')
      known.add(name)
      const votes = { where: `${where}.ownVotesWei` }
      return {
        ...{ ...firstStaked(fields, where, json), name },
        ownVotesWei: stakeFromJson(fields.ownVotesWei, json, votes),
      }
    },
  })
}

function nameOf({ name }: Given, where: string, json: JsonFields): string {
  const bytes = typeof name === 'string' ? new TextEncoder().encode(name).length : 0
  if (typeof name === 'string' && name.isWellFormed() && bytes >= 1 && bytes <= 32) return name
  throw json.bad(`${where}.name`, 'must be text of 1 to 32 bytes')
}

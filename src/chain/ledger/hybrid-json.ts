/** Reads what a manifest says about a chain of work with a committee, strictly, and fills in what it leaves out. */

import type { JsonFields } from './json-fields.ts'
import type { FirstMember, HybridParameters } from './manifest.ts'
import {
  addressFromJson,
  firstValidators,
  mostValidators,
  numberReader,
  waitsFromJson,
} from './voted-json.ts'
import { maxIssuanceWei, workFromJson, workNames } from './work-json.ts'

const mostWeight = 2n ** 60n - 1n
/** What is taken for a field that is left out. */
const defaults = {
  ...{ checkpointEvery: 16, buriedBy: 6, maxWithMlDsa: 32 },
  ...{ finalityRewardWei: 10n ** 17n, committeeRewardWei: 2n * 10n ** 18n },
} as const

const names = [
  ...(['engine', ...workNames, 'checkpointEvery', 'buriedBy', 'validators', 'owner'] as const),
  ...(['maxValidators', 'timeouts', 'maxTimeoutMs'] as const),
  ...(['finalityRewardWei', 'committeeRewardWei'] as const),
] satisfies readonly (keyof HybridParameters)[]

/** The consensus of a manifest; @throws what `json` throws, naming the field */
export function hybridFromJson(value: unknown, json: JsonFields): HybridParameters {
  const given = json.only(value, 'consensus', names)
  const number = numberReader(given, json)
  const work = workFromJson(given, json)
  const depth = { most: work.maxReorg, least: 1 }
  const checkpointEvery = number('checkpointEvery', { ...depth, rest: defaults.checkpointEvery })
  const buriedBy = number('buriedBy', { ...depth, rest: defaults.buriedBy })
  const bad = (name: keyof HybridParameters, reason: string) =>
    json.bad(`consensus.${name}`, reason)
  if (checkpointEvery <= buriedBy) throw bad('checkpointEvery', 'must be above buriedBy')
  if (work.maxReorg < 2 * checkpointEvery + buriedBy) {
    const reason = 'must be no less than twice checkpointEvery and buriedBy, or votes came too late'
    throw bad('maxReorg', reason)
  }
  const validators = members(given.validators, json)
  const hasMlDsa = validators.some(({ scheme }) => scheme === 'ml-dsa-65')
  const rest = hasMlDsa ? defaults.maxWithMlDsa : mostValidators
  const maxValidators = number('maxValidators', { most: mostValidators, rest })
  if (maxValidators < validators.length) {
    throw bad('maxValidators', 'must have room for the first validators')
  }
  const { owner = 'members' } = given
  const amount = (name: 'finalityRewardWei' | 'committeeRewardWei') =>
    json.natural(given[name] ?? String(defaults[name]), `consensus.${name}`, maxIssuanceWei)
  return {
    ...{ engine: 'hybrid', ...work, checkpointEvery, buriedBy, validators, maxValidators },
    owner: owner === 'members' ? owner : addressFromJson(owner, 'consensus.owner', json),
    ...waitsFromJson(given, json),
    finalityRewardWei: amount('finalityRewardWei'),
    committeeRewardWei: amount('committeeRewardWei'),
  }
}

function members(value: unknown, json: JsonFields): readonly FirstMember[] {
  return firstValidators(value, json, {
    names: ['weight', 'owner'],
    read(fields, where) {
      const weight = json.natural(fields.weight ?? '1', `${where}.weight`, mostWeight)
      if (weight === 0n) throw json.bad(`${where}.weight`, 'must not be 0')
      return { weight, owner: addressFromJson(fields.owner, `${where}.owner`, json) }
    },
  })
}

/** Reads what a manifest says about a chain that named validators vote on, strictly, and fills in what it leaves out. */

import type { JsonFields } from './json-fields.ts'
import type { BftParameters, FirstMember } from './manifest.ts'
import {
  addressFromJson,
  firstValidators,
  type Given,
  mostValidators,
  numberReader,
  votedFromJson,
  votedNames,
  weekOfBlocks,
} from './voted-json.ts'

const mostWeight = 2n ** 60n - 1n
/** Certificates of more members that sign with ML-DSA-65 would be over 100 kB. */
const mostMlDsa = 32

const names = ['engine', 'validators', 'owner', 'maxValidators', ...votedNames] as const

/** The consensus of a manifest; @throws what `json` throws, naming the field */
export function bftFromJson(value: unknown, json: JsonFields): BftParameters {
  const given = json.only(value, 'consensus', names)
  const voted = votedFromJson(given, json, () => weekOfBlocks)
  const validators: readonly FirstMember[] = firstValidators(given.validators, json, {
    names: ['weight', 'owner'],
    read(fields, where) {
      const weight = json.natural(fields.weight ?? '1', `${where}.weight`, mostWeight)
      if (weight === 0n) throw json.bad(`${where}.weight`, 'must not be 0')
      const owner = addressFromJson(fields.owner ?? fields.payTo, `${where}.owner`, json)
      return { weight, owner }
    },
  })
  const isMlDsa = validators.some(({ scheme }) => scheme === 'ml-dsa-65')
  const rest = isMlDsa ? Math.max(mostMlDsa, validators.length) : mostValidators
  const maxValidators = numberReader(given, json)('maxValidators', { most: mostValidators, rest })
  if (maxValidators < validators.length) {
    throw json.bad('consensus.maxValidators', 'must be no less than there are validators')
  }
  return { engine: 'bft', ...voted, validators, owner: ownerFrom(given, json), maxValidators }
}

function ownerFrom({ owner = 'members' }: Given, json: JsonFields): BftParameters['owner'] {
  if (owner === 'members' || owner === 'nobody') return owner
  if (typeof owner === 'string' && owner.startsWith('0x')) {
    return addressFromJson(owner, 'consensus.owner', json)
  }
  throw json.bad('consensus.owner', 'must be an address, members or nobody')
}

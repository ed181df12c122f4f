/** Reads what a manifest says about a chain that named validators vote on, strictly, and fills in what it leaves out. */

import type { JsonFields } from './json-fields.ts'
import type { BftParameters } from './manifest.ts'
import { firstValidators, votedFromJson, votedNames, weekOfBlocks } from './voted-json.ts'

const mostWeight = 2n ** 60n - 1n

/** The consensus of a manifest; @throws what `json` throws, naming the field */
export function bftFromJson(value: unknown, json: JsonFields): BftParameters {
  const given = json.only(value, 'consensus', ['engine', 'validators', ...votedNames])
  return {
    engine: 'bft',
    ...votedFromJson(given, json, () => weekOfBlocks),
    validators: firstValidators(given.validators, json, {
      names: ['weight'],
      read(fields, where) {
        const weight = json.natural(fields.weight ?? '1', `${where}.weight`, mostWeight)
        if (weight === 0n) throw json.bad(`${where}.weight`, 'must not be 0')
        return { weight }
      },
    }),
  }
}

/** Reads what a manifest says about a chain whose blocks are voted on, strictly, and fills in what it leaves out. */

import { schemeFacts, signatureSchemes } from '../../crypto/signatures.ts'
import type { JsonFields } from './json-fields.ts'
import type { BftParameters, FirstValidator } from './manifest.ts'

/** A day. */
const mostMs = 86_400_000
const mostWeight = 2n ** 60n - 1n
/** Members of a set, as bit maps of votes have room. */
const mostValidators = 128

/** What is taken for a field that is left out, in ms; for sets spread over the world the waits should be longer. */
const defaults = {
  ...{ blockTimeMs: 1_000, maxTimeoutMs: 30_000, buildLeadMs: 200, futureMs: 500 },
  timeouts: {
    propose: { baseMs: 500, deltaMs: 250 },
    prevote: { baseMs: 250, deltaMs: 125 },
    precommit: { baseMs: 250, deltaMs: 125 },
  },
} as const

const names = [
  ...(['engine', 'blockTimeMs', 'timeouts', 'maxTimeoutMs', 'emptyBlocks', 'absence'] as const),
  ...(['validators', 'buildLeadMs', 'futureMs', 'feeSink'] as const),
] satisfies readonly (keyof BftParameters)[]

/** The consensus of a manifest; @throws what `json` throws, naming the field */
export function bftFromJson(value: unknown, json: JsonFields): BftParameters {
  const given = json.only(value, 'consensus', names)
  const { emptyBlocks = 'always', absence = true, feeSink } = given
  if (emptyBlocks !== 'always' && emptyBlocks !== 'heartbeat') {
    throw json.bad('consensus.emptyBlocks', 'must be always or heartbeat')
  }
  if (typeof absence !== 'boolean') throw json.bad('consensus.absence', 'must be true or false')
  const ms = (name: 'blockTimeMs' | 'maxTimeoutMs' | 'buildLeadMs' | 'futureMs') =>
    milliseconds(given[name] ?? defaults[name], `consensus.${name}`, json)
  const parameters: BftParameters = {
    ...{ engine: 'bft', blockTimeMs: ms('blockTimeMs'), timeouts: timeouts(given.timeouts, json) },
    ...{ maxTimeoutMs: ms('maxTimeoutMs'), emptyBlocks, absence },
    validators: validators(given.validators, json),
    ...{ buildLeadMs: ms('buildLeadMs'), futureMs: ms('futureMs') },
    ...(feeSink === undefined ? {} : { feeSink: json.bytes(feeSink, 'consensus.feeSink', 20) }),
  }
  const fault = faultOf(parameters)
  if (fault) throw json.bad(`consensus.${fault[0]}`, fault[1])
  return parameters
}

/** The first field that does not go with the others. */
function faultOf({ blockTimeMs, buildLeadMs, futureMs, maxTimeoutMs, timeouts }: BftParameters) {
  if (blockTimeMs < 1_000) return ['blockTimeMs', 'must be a second at least'] as const
  if (buildLeadMs >= blockTimeMs) return ['buildLeadMs', 'must be below blockTimeMs'] as const
  if (futureMs < buildLeadMs) {
    return ['futureMs', 'must be no less than buildLeadMs, by which blocks come early'] as const
  }
  for (const [name, { baseMs, deltaMs }] of Object.entries(timeouts)) {
    if (baseMs === 0) return [`timeouts.${name}.baseMs`, 'must not be 0'] as const
    if (deltaMs === 0) {
      return [`timeouts.${name}.deltaMs`, 'must not be 0, or waits would not grow'] as const
    }
    if (baseMs > maxTimeoutMs)
      return ['maxTimeoutMs', `must be no less than ${name}.baseMs`] as const
  }
  return undefined
}

function timeouts(value: unknown, json: JsonFields): BftParameters['timeouts'] {
  const kinds = ['propose', 'prevote', 'precommit'] as const
  const given = value === undefined ? {} : json.only(value, 'consensus.timeouts', kinds)
  const of = (kind: (typeof kinds)[number]) => {
    const where = `consensus.timeouts.${kind}`
    const rest = defaults.timeouts[kind]
    const own =
      given[kind] === undefined ? {} : json.only(given[kind], where, ['baseMs', 'deltaMs'])
    return {
      baseMs: milliseconds(own.baseMs ?? rest.baseMs, `${where}.baseMs`, json),
      deltaMs: milliseconds(own.deltaMs ?? rest.deltaMs, `${where}.deltaMs`, json),
    }
  }
  return { propose: of('propose'), prevote: of('prevote'), precommit: of('precommit') }
}

function validators(value: unknown, json: JsonFields): readonly FirstValidator[] {
  const list = json.list(value, 'consensus.validators')
  if (list.length < 1 || list.length > mostValidators) {
    throw json.bad('consensus.validators', `must have 1 to ${mostValidators} members`)
  }
  const keys = new Set<string>()
  return list.map((one, at) => {
    const where = `consensus.validators[${at}]`
    const fields = json.only(one, where, ['scheme', 'publicKey', 'weight', 'payTo'])
    const scheme = signatureSchemes.find((name) => name === fields.scheme)
    if (!scheme) throw json.bad(`${where}.scheme`, `must be one of ${signatureSchemes.join(', ')}`)
    const publicKey = json.bytes(
      fields.publicKey,
      `${where}.publicKey`,
      schemeFacts[scheme].publicKeyBytes,
    )
    const weight = json.natural(fields.weight ?? '1', `${where}.weight`, mostWeight)
    if (weight === 0n) throw json.bad(`${where}.weight`, 'must not be 0')
    if (keys.has(publicKey.toHex())) throw json.bad(`${where}.publicKey`, 'is there twice')
    keys.add(publicKey.toHex())
    return { scheme, publicKey, weight, payTo: json.bytes(fields.payTo, `${where}.payTo`, 20) }
  })
}

function milliseconds(value: unknown, where: string, json: JsonFields): number {
  const number = json.natural(value, where, BigInt(mostMs))
  if (typeof value === 'number') return Number(number)
  throw json.bad(where, 'must be a JSON number')
}

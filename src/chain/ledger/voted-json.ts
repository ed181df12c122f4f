/** Reads what manifests of all chains have in common whose blocks are voted on, strictly, and fills in what they leave out. */

import { schemeFacts, signatureSchemes } from '../../crypto/signatures.ts'
import type { JsonFields } from './json-fields.ts'
import type { FirstValidator, VotedParameters } from './manifest.ts'
import type { Address } from './transaction.ts'

/** A day. */
const mostMs = 86_400_000
/** Members of a set, as bit maps of votes have room. */
export const mostValidators = 128
/** Blocks of a week of which each takes a second. */
export const weekOfBlocks = 604_800
/** Blocks that evidence is remembered for, at most. */
const mostEvidenceHeights = 2 ** 31

/** What is taken for a field that is left out, in ms; for sets spread over the world the waits should be longer. */
const defaults = {
  ...{ blockTimeMs: 1_000, maxTimeoutMs: 30_000, buildLeadMs: 200, futureMs: 500 },
  timeouts: {
    propose: { baseMs: 500, deltaMs: 250 },
    prevote: { baseMs: 250, deltaMs: 125 },
    precommit: { baseMs: 250, deltaMs: 125 },
  },
} as const

/** Fields that such chains have in common. */
export const votedNames = [
  ...(['blockTimeMs', 'timeouts', 'maxTimeoutMs', 'emptyBlocks', 'absence'] as const),
  ...(['buildLeadMs', 'futureMs', 'evidenceHeights', 'feeSink'] as const),
] satisfies readonly (keyof VotedParameters)[]

/** Fields of a consensus, as JSON has them. */
export type Given = Readonly<Record<string, unknown>>

/**
 * These fields.
 *
 * @param evidenceHeights - what is taken if it is left out, and least that may be given, for a time of blocks
 * @throws what `json` throws, naming the field
 */
export function votedFromJson(
  given: Given,
  json: JsonFields,
  evidenceHeights: (blockTimeMs: number) => number,
): VotedParameters {
  const { emptyBlocks = 'always', absence = true, feeSink } = given
  if (emptyBlocks !== 'always' && emptyBlocks !== 'heartbeat') {
    throw json.bad('consensus.emptyBlocks', 'must be always or heartbeat')
  }
  if (typeof absence !== 'boolean') throw json.bad('consensus.absence', 'must be true or false')
  const number = numberReader(given, json)
  const ms = (name: 'blockTimeMs' | 'maxTimeoutMs' | 'buildLeadMs' | 'futureMs') =>
    number(name, { most: mostMs, rest: defaults[name] })
  const blockTimeMs = ms('blockTimeMs')
  if (blockTimeMs < 1_000) throw json.bad('consensus.blockTimeMs', 'must be a second at least')
  const least = evidenceHeights(blockTimeMs)
  const parameters: VotedParameters = {
    ...{ blockTimeMs, timeouts: timeouts(given.timeouts, json) },
    ...{ maxTimeoutMs: ms('maxTimeoutMs'), emptyBlocks, absence },
    ...{ buildLeadMs: ms('buildLeadMs'), futureMs: ms('futureMs') },
    evidenceHeights: number('evidenceHeights', { most: mostEvidenceHeights, rest: least }),
    ...(feeSink === undefined ? {} : { feeSink: json.bytes(feeSink, 'consensus.feeSink', 20) }),
  }
  const fault = faultOf(parameters)
  if (fault) throw json.bad(`consensus.${fault[0]}`, fault[1])
  if (parameters.evidenceHeights >= least) return parameters
  throw json.bad('consensus.evidenceHeights', `must be ${least} at least, the unbonding period`)
}

/** The first field that does not go with the others. */
function faultOf(parameters: VotedParameters) {
  const { blockTimeMs, buildLeadMs, futureMs } = parameters
  if (buildLeadMs >= blockTimeMs) return ['buildLeadMs', 'must be below blockTimeMs'] as const
  if (futureMs < buildLeadMs) {
    return ['futureMs', 'must be no less than buildLeadMs, by which blocks come early'] as const
  }
  return waitsFault(parameters)
}

/** The same of the waits of rounds. */
function waitsFault({ timeouts, maxTimeoutMs }: Waits) {
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

/** How long rounds wait. */
type Waits = Pick<VotedParameters, 'timeouts' | 'maxTimeoutMs'>

/** The waits of rounds, where there is nothing else of a voted chain; @throws what `json` throws, naming the field */
export function waitsFromJson(given: Given, json: JsonFields): Waits {
  const most = { most: mostMs, rest: defaults.maxTimeoutMs }
  const waits = {
    ...{ timeouts: timeouts(given.timeouts, json) },
    maxTimeoutMs: numberReader(given, json)('maxTimeoutMs', most),
  }
  const fault = waitsFault(waits)
  if (fault) throw json.bad(`consensus.${fault[0]}`, fault[1])
  return waits
}

function timeouts(value: unknown, json: JsonFields): VotedParameters['timeouts'] {
  const kinds = ['propose', 'prevote', 'precommit'] as const
  const given = value === undefined ? {} : json.only(value, 'consensus.timeouts', kinds)
  const of = (kind: (typeof kinds)[number]) => {
    const where = `consensus.timeouts.${kind}`
    const rest = defaults.timeouts[kind]
    const own =
      given[kind] === undefined ? {} : json.only(given[kind], where, ['baseMs', 'deltaMs'])
    const ms = (name: 'baseMs' | 'deltaMs') =>
      wholeNumber(own[name] ?? rest[name], { where: `${where}.${name}`, most: mostMs, json })
    return { baseMs: ms('baseMs'), deltaMs: ms('deltaMs') }
  }
  return { propose: of('propose'), prevote: of('prevote'), precommit: of('precommit') }
}

/** What every first validator has. */
type FirstKey = Pick<FirstValidator, 'scheme' | 'publicKey' | 'payTo'>

/**
 * The first validators, with fields of their own.
 *
 * @param names - of those fields
 * @param read - the place of the validator is for errors
 */
export function firstValidators<T>(
  value: unknown,
  json: JsonFields,
  own: { readonly names: readonly string[]; readonly read: (fields: Given, where: string) => T },
): readonly (FirstKey & T)[] {
  const list = json.list(value, 'consensus.validators')
  if (list.length < 1 || list.length > mostValidators) {
    throw json.bad('consensus.validators', `must have 1 to ${mostValidators} members`)
  }
  const keys = new Set<string>()
  return list.map((one, at) => {
    const where = `consensus.validators[${at}]`
    const fields = json.only(one, where, ['scheme', 'publicKey', 'payTo', ...own.names])
    const scheme = signatureSchemes.find((name) => name === fields.scheme)
    if (!scheme) throw json.bad(`${where}.scheme`, `must be one of ${signatureSchemes.join(', ')}`)
    const { publicKeyBytes } = schemeFacts[scheme]
    const publicKey = json.bytes(fields.publicKey, `${where}.publicKey`, publicKeyBytes)
    if (keys.has(publicKey.toHex())) throw json.bad(`${where}.publicKey`, 'is there twice')
    keys.add(publicKey.toHex())
    const payTo = addressFromJson(fields.payTo, `${where}.payTo`, json)
    return { scheme, publicKey, payTo, ...own.read(fields, where) }
  })
}

/** An address that is not zero. */
export function addressFromJson(value: unknown, where: string, json: JsonFields): Address {
  const address = json.bytes(value, where, 20)
  if (address.some((byte) => byte !== 0)) return address
  throw json.bad(where, 'must not be the zero address')
}

/** Reads numbers of a consensus. */
export function numberReader(given: Given, json: JsonFields) {
  return (
    name: string,
    { most, rest, least = 0 }: { readonly most: number; rest: number; readonly least?: number },
  ): number => {
    const where = `consensus.${name}`
    const number = wholeNumber(given[name] ?? rest, { where, most, json })
    if (number >= least) return number
    throw json.bad(where, `must be ${least} at least`)
  }
}

/** A natural number, written as one. */
export function wholeNumber(
  value: unknown,
  {
    where,
    most,
    json,
  }: { readonly where: string; readonly most: number; readonly json: JsonFields },
): number {
  const number = json.natural(value, where, BigInt(most))
  if (typeof value === 'number') return Number(number)
  throw json.bad(where, 'must be a JSON number')
}

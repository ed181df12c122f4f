/** Reads what a manifest says about a chain that is sealed by work, strictly, and fills in what it leaves out. */

import type { JsonFields } from './json-fields.ts'
import { type PowParameters, sealAlgorithms, type WorkParameters } from './manifest.ts'
import { type Given, numberReader } from './voted-json.ts'

/** A day. */
const maxBlockTimeMs = 86_400_000
/** No target of 256 bits is easier. */
const maxTarget = 2n ** 256n - 1n
/** Most blocks that can be asked to be taken back, each with its state in memory. */
const maxReorgBlocks = 1_024
/** Highest reward: a withdrawal counts gwei in 64 bits (EIP-4895). */
export const maxIssuanceWei = (2n ** 64n - 1n) * 10n ** 9n
/** Largest whole number in JSON. */
const maxNumber = 2 ** 53 - 1

/** What proof of work takes for a field that is left out; `startTarget` is the easiest then. */
const defaults = {
  ...{ blockTimeMs: 15_000, seal: 'keccak', easiestTarget: 2n ** 256n / 1_024n - 1n },
  // Two ether, and half of it every four years.
  ...{ halfLifeSeconds: 3_600, issuanceWei: 2n * 10n ** 18n, halving: 8_409_600 },
  ...{ maxReorg: 128, futureMs: 15_000 },
} as const

/** Blocks behind the head that are safe, unless said otherwise. */
const safeDepth = 12

/** Fields that such chains have in common. */
export const workNames = [
  ...(['blockTimeMs', 'seal', 'startTarget', 'easiestTarget', 'halfLifeSeconds'] as const),
  ...(['issuanceWei', 'halving', 'maxReorg', 'futureMs', 'feeSink'] as const),
] satisfies readonly (keyof WorkParameters)[]

/** The consensus of a chain of work alone; @throws what `json` throws, naming the field */
export function powFromJson(value: unknown, json: JsonFields): PowParameters {
  const given = json.only(value, 'consensus', [
    ...(['engine', ...workNames, 'safeDepth', 'finalizedDepth'] as const),
  ])
  const number = numberReader(given, json)
  const work = workFromJson(given, json)
  const parameters: PowParameters = {
    ...{ engine: 'pow', ...work },
    safeDepth: number('safeDepth', { most: maxNumber, rest: safeDepth }),
    finalizedDepth: number('finalizedDepth', { most: maxNumber, rest: work.maxReorg }),
  }
  if (parameters.finalizedDepth < work.maxReorg) {
    const reason = 'must be no less than maxReorg, or what is final could leave the chain'
    throw json.bad('consensus.finalizedDepth', reason)
  }
  if (parameters.safeDepth <= parameters.finalizedDepth) return parameters
  throw json.bad('consensus.safeDepth', 'must be no more than finalizedDepth')
}

/** The fields that such chains have in common; @throws what `json` throws, naming the field */
export function workFromJson(given: Given, json: JsonFields): WorkParameters {
  const read = numberReader(given, json)
  const number = (name: 'blockTimeMs' | 'halfLifeSeconds' | 'halving' | 'futureMs', most: number) =>
    read(name, { most, rest: defaults[name] })
  const amount = (name: keyof WorkParameters, most: bigint, rest: bigint) =>
    json.natural(given[name] ?? String(rest), `consensus.${name}`, most)
  const easiestTarget = amount('easiestTarget', maxTarget, defaults.easiestTarget)
  const { seal: name = defaults.seal, feeSink } = given
  const seal = sealAlgorithms.find((one) => one === name)
  if (!seal) throw json.bad('consensus.seal', `must be one of ${sealAlgorithms.join(', ')}`)
  const parameters: WorkParameters = {
    ...{ seal, easiestTarget, blockTimeMs: number('blockTimeMs', maxBlockTimeMs) },
    maxReorg: read('maxReorg', { most: maxReorgBlocks, rest: defaults.maxReorg }),
    startTarget: amount('startTarget', maxTarget, easiestTarget),
    halfLifeSeconds: number('halfLifeSeconds', maxNumber),
    issuanceWei: amount('issuanceWei', maxIssuanceWei, defaults.issuanceWei),
    halving: number('halving', maxNumber),
    futureMs: number('futureMs', maxBlockTimeMs),
    ...(feeSink === undefined ? {} : { feeSink: json.bytes(feeSink, 'consensus.feeSink', 20) }),
  }
  const fault = workFault(parameters)
  if (fault) throw json.bad(`consensus.${fault[0]}`, fault[1])
  return parameters
}

/** The first field that does not go with the others. */
function workFault(
  given: WorkParameters,
): readonly [name: keyof WorkParameters, reason: string] | undefined {
  const { blockTimeMs, halfLifeSeconds, startTarget, easiestTarget } = given
  if (blockTimeMs < 1_000 || blockTimeMs % 1_000 !== 0) {
    return ['blockTimeMs', 'must be whole seconds, in milliseconds']
  }
  if (easiestTarget === 0n) return ['easiestTarget', 'must not be 0']
  if (startTarget === 0n || startTarget > easiestTarget) {
    return ['startTarget', 'must be from 1 to easiestTarget']
  }
  if (halfLifeSeconds * 1_000 < blockTimeMs) {
    return ['halfLifeSeconds', 'must be no shorter than the time of a block']
  }
  if (given.halving === 0) return ['halving', 'must not be 0']
  if (given.maxReorg === 0) return ['maxReorg', 'must not be 0']
  return undefined
}

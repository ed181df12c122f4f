/** Reads and writes what a manifest says about its consensus, strictly, and fills in what it leaves out. */

import { toHex } from '../../base/bytes.ts'
import { bftFromJson } from './bft-json.ts'
import { dposFromJson } from './dpos-json.ts'
import type { JsonFields } from './json-fields.ts'
import { type Consensus, type PowParameters, sealAlgorithms } from './manifest.ts'
import { posFromJson } from './pos-json.ts'
import { wholeNumber } from './voted-json.ts'

const engines = ['dev', 'ethereum', 'pow', 'bft', 'pos', 'dpos'] as const
/** A day. */
const maxBlockTimeMs = 86_400_000n
/** No target of 256 bits is easier. */
const maxTarget = 2n ** 256n - 1n
/** Most blocks that can be asked to be taken back, each with its state in memory. */
const maxReorgBlocks = 1_024
/** Highest reward: a withdrawal counts gwei in 64 bits (EIP-4895). */
const maxIssuanceWei = (2n ** 64n - 1n) * 10n ** 9n
/** Largest whole number in JSON. */
const maxNumber = 2 ** 53 - 1

/** What proof of work takes for a field that is left out; `startTarget` is the easiest then. */
const powDefaults = {
  ...{ blockTimeMs: 15_000, seal: 'keccak', easiestTarget: 2n ** 256n / 1_024n - 1n },
  // Two ether, and half of it every four years.
  ...{ halfLifeSeconds: 3_600, issuanceWei: 2n * 10n ** 18n, halving: 8_409_600 },
  ...{ safeDepth: 12, maxReorg: 128, futureMs: 15_000 },
} as const

const powNames = [
  ...([
    'engine',
    'blockTimeMs',
    'seal',
    'startTarget',
    'easiestTarget',
    'halfLifeSeconds',
  ] as const),
  ...(['issuanceWei', 'halving', 'safeDepth', 'finalizedDepth', 'maxReorg'] as const),
  ...(['futureMs', 'feeSink'] as const),
] satisfies readonly (keyof PowParameters)[]

/** As a value of JSON, every field written out: large numbers as decimal text, bytes as hex. */
export function consensusToJson(consensus: Consensus): Readonly<Record<string, unknown>> {
  return plain(consensus) as Readonly<Record<string, unknown>>
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
}

/** The part of a manifest that `json` reads; @throws what `json` throws, naming the field */
export function consensusFromJson(value: unknown, json: JsonFields): Consensus {
  const { engine } = json.any(value, 'consensus')
  if (engine === 'bft') return bftFromJson(value, json)
  if (engine === 'pos') return posFromJson(value, json)
  if (engine === 'dpos') return dposFromJson(value, json)
  if (engine === 'pow') return powFromJson(json.only(value, 'consensus', powNames), json)
  const { blockTimeMs } = json.only(value, 'consensus', ['engine', 'blockTimeMs'])
  if (engine === 'ethereum') {
    if (blockTimeMs === undefined) return { engine }
    throw json.bad('consensus.blockTimeMs', 'is not for the engine ethereum')
  }
  if (engine !== 'dev') throw json.bad('consensus.engine', `must be one of ${engines.join(', ')}`)
  const time = json.natural(blockTimeMs, 'consensus.blockTimeMs', maxBlockTimeMs)
  if (typeof blockTimeMs !== 'number')
    throw json.bad('consensus.blockTimeMs', 'must be a JSON number')
  return { engine, blockTimeMs: Number(time) }
}

function powFromJson(given: Record<string, unknown>, json: JsonFields): PowParameters {
  const number = (name: keyof typeof powDefaults | 'finalizedDepth', most: number, rest?: number) =>
    wholeNumber(given[name] ?? rest ?? powDefaults[name as 'maxReorg'], {
      ...{ where: `consensus.${name}`, most, json },
    })
  const amount = (name: keyof PowParameters, most: bigint, rest: bigint) =>
    json.natural(given[name] ?? String(rest), `consensus.${name}`, most)
  const maxReorg = number('maxReorg', maxReorgBlocks)
  const easiestTarget = amount('easiestTarget', maxTarget, powDefaults.easiestTarget)
  const { seal = powDefaults.seal, feeSink } = given
  const parameters: PowParameters = {
    ...{ engine: 'pow', maxReorg, easiestTarget },
    seal: mustBe(
      sealAlgorithms.find((one) => one === seal),
      () => json.bad('consensus.seal', `must be one of ${sealAlgorithms.join(', ')}`),
    ),
    blockTimeMs: number('blockTimeMs', Number(maxBlockTimeMs)),
    startTarget: amount('startTarget', maxTarget, easiestTarget),
    halfLifeSeconds: number('halfLifeSeconds', maxNumber),
    issuanceWei: amount('issuanceWei', maxIssuanceWei, powDefaults.issuanceWei),
    halving: number('halving', maxNumber),
    safeDepth: number('safeDepth', maxNumber),
    finalizedDepth: number('finalizedDepth', maxNumber, maxReorg),
    futureMs: number('futureMs', Number(maxBlockTimeMs)),
    ...(feeSink === undefined ? {} : { feeSink: json.bytes(feeSink, 'consensus.feeSink', 20) }),
  }
  const fault = powFault(parameters)
  if (fault) throw json.bad(`consensus.${fault[0]}`, fault[1])
  return parameters
}

/** The first field that does not go with the others. */
function powFault(
  given: PowParameters,
): readonly [name: keyof PowParameters, reason: string] | undefined {
  const { blockTimeMs, halfLifeSeconds, startTarget, easiestTarget } = given
  const { safeDepth, finalizedDepth, maxReorg } = given
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
  if (maxReorg === 0) return ['maxReorg', 'must not be 0']
  if (finalizedDepth < maxReorg) {
    return [
      'finalizedDepth',
      'must be no less than maxReorg, or what is final could leave the chain',
    ]
  }
  if (safeDepth > finalizedDepth) return ['safeDepth', 'must be no more than finalizedDepth']
  return undefined
}

function mustBe<T>(value: T | undefined, error: () => Error): T {
  if (value === undefined) throw error()
  return value
}

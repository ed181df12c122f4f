/** Reads and writes what a manifest says about its consensus, strictly, and fills in what it leaves out. */

import { toHex } from '../../base/bytes.ts'
import { bftFromJson } from './bft-json.ts'
import { dposFromJson } from './dpos-json.ts'
import { hybridFromJson } from './hybrid-json.ts'
import type { JsonFields } from './json-fields.ts'
import type { Consensus } from './manifest.ts'
import { posFromJson } from './pos-json.ts'
import { powFromJson } from './work-json.ts'

const engines = ['dev', 'ethereum', 'pow', 'bft', 'pos', 'dpos', 'hybrid'] as const
/** A day. */
const maxBlockTimeMs = 86_400_000n
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
  if (engine === 'pow') return powFromJson(value, json)
  if (engine === 'hybrid') return hybridFromJson(value, json)
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

/** Moves a development chain: blocks on demand, time, snapshots. */

import { isRecord } from '../envelope/request.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import { optional, type Parser } from '../params/parser.ts'
import { looseQuantity, text } from '../params/values.ts'
import { type MethodTable, method } from './method.ts'

/** Most blocks of one `evm_mine`, and most seconds or milliseconds of one move. */
const mostBlocks = 1_000n
const mostTime = 2n ** 31n - 1n

/** `{blocks}`, as other development nodes take it; a timestamp is not supported. */
const blocks: Parser<bigint> = (value, path) => {
  if (value === undefined || value === null) return 1n
  if (!isRecord(value)) throw invalidParams(`${path}: only {blocks} is supported, not a timestamp`)
  return bounded(optional(looseQuantity, 1n), mostBlocks)(value.blocks, `${path}.blocks`)
}

export const developmentMethods: MethodTable = {
  evm_mine: method([blocks], async ({ chain }, [count]) => {
    for (let done = 0n; done < count; done += 1n) await chain.dev.sealNow()
    return '0x0'
  }),
  evm_setIntervalMining: method([bounded(looseQuantity, mostTime)], ({ chain }, [intervalMs]) => {
    chain.dev.setBlockTimeMs(Number(intervalMs))
    return true
  }),
  evm_increaseTime: method(
    [bounded(looseQuantity, mostTime)],
    ({ chain, development }, [seconds]) => {
      chain.dev.increaseTime(seconds)
      development.shiftedSeconds += seconds
      return development.shiftedSeconds.toString()
    },
  ),
  evm_snapshot: method([], ({ chain, development, limits }) => {
    development.taken += 1
    const snapshot = { id: toQuantity(development.taken), number: chain.head().header.number }
    development.snapshots = [...development.snapshots, snapshot].slice(-limits.snapshots)
    return snapshot.id
  }),
  evm_revert: method([text], async ({ chain, development }, [id]) => {
    const at = development.snapshots.findIndex((one) => one.id === id)
    const snapshot = development.snapshots[at]
    if (!snapshot) return false
    development.snapshots = development.snapshots.slice(0, at)
    // As with other development nodes, what was sent since then is gone: it must not be sealed anew.
    if (chain.head().header.number > snapshot.number)
      await chain.dev.rewindTo(snapshot.number, 'forget')
    return true
  }),
}

function bounded(parse: Parser<bigint>, most: bigint): Parser<bigint> {
  return (value, path) => {
    const parsed = parse(value, path)
    if (parsed > most) throw invalidParams(`${path}: expected at most ${most}, got ${parsed}`)
    return parsed
  }
}

/** Counts what a transaction does: which functions it calls, and what its opcodes cost. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { FrameStart, Step } from '../../chain/evm/watcher.ts'
import { opcodeName } from '../format/opcode-names.ts'
import type { TracedEnd, Tracer } from './tracer.ts'

/** Counts calls by selector and size of their data, as geth's 4byteTracer does. */
export class SelectorTracer implements Tracer {
  readonly steps = false
  readonly #counts = new Map<string, number>()

  enter({ kind, input }: FrameStart): void {
    if (kind === 'CREATE' || kind === 'CREATE2' || input.length < 4) return
    const name = `${toHex(input.subarray(0, 4))}-${input.length - 4}`
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  result(): Json {
    return Object.fromEntries(this.#counts)
  }
}

/** Adds up what each opcode costs, without the gas that calls hand on. */
export class GasProfiler implements Tracer {
  readonly steps = true
  readonly #profile = new Map<number, { count: number; gas: bigint }>()
  /** The instruction told last. */
  #op: number | undefined

  step({ op }: Step): void {
    this.#op = op
    const row = this.#rowOf(op)
    row.count += 1
  }

  cost(gas: bigint): void {
    if (this.#op !== undefined) this.#rowOf(this.#op).gas += gas
  }

  enter({ gas, kind }: FrameStart): void {
    // The price of a call holds the gas that it hands on, which the called code then spends.
    const isCreation = kind === 'CREATE' || kind === 'CREATE2'
    if (this.#op === undefined || kind === 'SELFDESTRUCT' || isCreation) return
    this.#rowOf(this.#op).gas -= gas
  }

  result({ gasUsed }: TracedEnd): Json {
    const rows = [...this.#profile].sort(([, a], [, b]) => Number(b.gas - a.gas))
    return {
      gas: Number(gasUsed),
      opcodes: Object.fromEntries(
        rows.map(([op, { count, gas }]) => [opcodeName(op), { count, gas: Number(gas) }]),
      ),
    }
  }

  #rowOf(op: number) {
    const known = this.#profile.get(op)
    if (known) return known
    const row = { count: 0, gas: 0n }
    this.#profile.set(op, row)
    return row
  }
}

/** Sees nothing. */
export class NoTracer implements Tracer {
  readonly steps = false

  result(): Json {
    return {}
  }
}

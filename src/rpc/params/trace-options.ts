/** Reads how a transaction is to be traced. */

import { invalidParams } from '../envelope/rpc-error.ts'
import {
  type AccountOverride,
  type BlockOverride,
  blockOverride,
  stateOverrides,
} from './overrides.ts'
import { optional, type Parser, record } from './parser.ts'
import { flag, looseQuantity, text } from './values.ts'

const tracers = [
  'callTracer',
  'prestateTracer',
  '4byteTracer',
  'gasProfiler',
  'noopTracer',
] as const

/** How to trace, and for a call what it pretends. */
export interface TraceOptions {
  /** Absent for the list of instructions. */
  readonly tracer: (typeof tracers)[number] | undefined
  /** Switches of the tracer, and of the list of instructions. */
  readonly isOn: (name: string) => boolean
  /** Most instructions of the list; 0 for all. */
  readonly limit: number
  readonly accounts: readonly AccountOverride[]
  readonly block: BlockOverride | undefined
}

const switches = [
  ...['disableStack', 'disableStorage', 'enableMemory', 'enableReturnData', 'disableMemory'],
  ...['disableReturnData', 'onlyTopCall', 'withLog', 'diffMode', 'disableCode', 'includeEmpty'],
]

/** The object of options; what is not known is passed over, as geth does. */
export function traceOptions(overrideEntries: number): Parser<TraceOptions> {
  const accounts = optional(stateOverrides(overrideEntries), [])
  return (value, path) => {
    const fields = record(value ?? {}, path)
    const named = optional(text)(fields.tracer, `${path}.tracer`)
    const tracer = tracers.find((one) => one === named)
    if (named && !tracer) {
      throw invalidParams(
        `${path}.tracer: there is no ${JSON.stringify(named.slice(0, 80))}; choose one of ${tracers.join(', ')}`,
      )
    }
    const own = optional(record, {})(fields.tracerConfig, `${path}.tracerConfig`)
    const on = new Set(
      switches.filter((name) =>
        optional(flag, false)(own[name] ?? fields[name], `${path}.${name}`),
      ),
    )
    return {
      tracer,
      isOn: (name) => on.has(name),
      limit: Number(optional(looseQuantity, 0n)(fields.limit, `${path}.limit`)),
      accounts: accounts(fields.stateOverrides, `${path}.stateOverrides`),
      block: optional(blockOverride)(fields.blockOverrides, `${path}.blockOverrides`),
    }
  }
}

/** Tells of calls within calls, as geth's callTracer does. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { FrameEnd, FrameStart, Step } from '../../chain/evm/watcher.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import { haltText } from '../format/halt-text.ts'
import { toQuantity, toWord } from '../format/quantity.ts'
import { revertReason } from '../format/revert-reason.ts'
import type { Traced, TracedEnd, Tracer } from './tracer.ts'

/** What of the calls is shown. */
export interface CallOptions {
  /** The transaction's own alone. */
  readonly onlyTop: boolean
  readonly logs: boolean
  /** About as many characters as an answer may have. */
  readonly length: number
}

type Frame = Record<string, Json> & { calls?: Frame[]; logs?: Json[] }

const [log0, log4] = [0xa0, 0xa4]

/** One for each transaction. */
export class CallTracer implements Tracer {
  readonly steps: boolean
  readonly #options: CallOptions
  readonly #traced: Traced
  readonly #open: Frame[] = []
  #root: Frame = {}
  #length = 0
  #logs = 0

  constructor(options: CallOptions, traced: Traced) {
    this.#options = options
    this.#traced = traced
    this.steps = options.logs
  }

  step(step: Step): void {
    const { op, words } = step
    const topics = op - log0
    if (op < log0 || op > log4 || words < topics + 2 || !this.#isShown()) return
    const [offset, size] = [Number(step.word(0)), Number(step.word(1))]
    // What memory does not hold yet is zero; one so large fails anyway.
    if (offset + size > 1e8) return
    const data = new Uint8Array(size)
    data.set(step.memory().subarray(offset, offset + size))
    const frame = this.#open.at(-1)
    if (!frame) return
    frame.logs = frame.logs ?? []
    frame.logs.push({
      address: toHex(step.address),
      topics: Array.from({ length: topics }, (_, at) => toWord(step.word(2 + at))),
      data: toHex(data),
      index: toQuantity(this.#logs),
      position: toQuantity(frame.calls?.length ?? 0),
    })
    this.#logs += 1
    this.#length += 400 + 2 * size
  }

  enter({ kind, from, to, value, gas, input }: FrameStart): void {
    const frame: Frame = {
      ...{ type: kind, from: toHex(from), to: toHex(to) },
      ...(kind !== 'STATICCALL' && { value: toQuantity(value) }),
      ...{ gas: toQuantity(gas), gasUsed: '0x0', input: toHex(input) },
    }
    const parent = this.#open.at(-1)
    this.#open.push(frame)
    if (!parent) this.#root = frame
    else if (this.#isShown()) {
      parent.calls = parent.calls ?? []
      parent.calls.push(frame)
    }
    this.#length += 300 + 2 * input.length
  }

  leave(end: FrameEnd): void {
    const frame = this.#open.pop()
    if (!frame) return
    frame.gasUsed = toQuantity(end.gasUsed)
    tellEnd(frame, end)
    this.#length += 2 * end.output.length
  }

  result(end: TracedEnd): Json {
    if (this.#length > this.#options.length) {
      throw rpcError(
        errorCodes.responseTooLarge,
        'the trace is too long: ask for the top call only',
      )
    }
    const { from, to, gasLimit } = this.#traced
    const root: Frame = {
      ...(this.#root.type === undefined && { type: to ? 'CALL' : 'CREATE', from: toHex(from) }),
      ...this.#root,
      ...{ gas: toQuantity(gasLimit), gasUsed: toQuantity(end.gasUsed) },
    }
    if (this.#options.logs) clearFailed(root, false)
    return root
  }

  #isShown(): boolean {
    if (this.#length > this.#options.length) return false
    return !this.#options.onlyTop || this.#open.length <= 1
  }
}

/** Output of what succeeded or reverted; why the others failed. */
function tellEnd(frame: Frame, end: FrameEnd): void {
  const { halt, output } = end
  const isRevert = halt === 'revert'
  if (halt !== undefined) {
    frame.error = haltText(end)
    if (frame.type === 'CREATE' || frame.type === 'CREATE2') delete frame.to
  }
  if (output.length > 0 && (halt === undefined || isRevert)) frame.output = toHex(output)
  const reason = isRevert ? revertReason(output) : undefined
  if (reason !== undefined) frame.revertReason = reason
}

/** Logs of what failed, or is within it, never were. */
function clearFailed(frame: Frame, isWithin: boolean): void {
  const failed = isWithin || frame.error !== undefined
  if (failed) delete frame.logs
  for (const call of frame.calls ?? []) clearFailed(call, failed)
}

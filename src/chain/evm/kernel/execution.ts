/** Runs one message in a kernel, bit by bit if it is long, and reads what it gave. */

import { AppError } from '../../../base/app-error.ts'
import { LogList, noLogs } from '../../ledger/log-list.ts'
import { RlpWriter } from '../../ledger/rlp.ts'
import type { Pause } from '../evm.ts'
import type { Ending, Halt } from '../halt.ts'
import { type Kernel, TooLong, tooLarge } from './kernel.ts'

/** A message whose gas has been bought and whose nonce has been counted. */
export interface Message {
  /** Numbers of accounts in the kernel. */
  readonly sender: number
  /** Absent: creates a contract. */
  readonly target: number | undefined
  /** The sender's before the transaction; only a creation asks for it. */
  readonly nonce: bigint
  readonly value: bigint
  readonly data: Uint8Array
  /** Gas for execution alone. */
  readonly gas: bigint
}

/** What execution alone gave. */
export interface Execution extends Ending {
  readonly output: Uint8Array
  readonly gasLeft: bigint
  /** Not capped. */
  readonly refund: bigint
}

/** When to let others come in between, and when to end. */
export interface Patience {
  readonly pause: Pause
  readonly isLate?: (() => boolean) | undefined
}

/** Gas between two questions whether to pause or to end: some milliseconds. */
const gasSlice = 2_000_000n

/** Gas that one call of a precompile may cost in a message that can be late: at 0.12 µs a unit 6 seconds. */
const mostAtOnce = 50_000_000

const halts: readonly (Halt | undefined)[] = [
  ...([undefined, 'out-of-gas', 'stack-underflow', 'stack-overflow', 'invalid-jump'] as const),
  ...(['invalid-opcode', 'write-protection', 'return-data-bounds', 'code-size'] as const),
  ...(['init-code-size', 'invalid-code', 'collision', 'depth', 'balance', 'nonce'] as const),
  ...(['precompile', 'code-deposit', 'gas-overflow', 'memory-overflow', 'sentry'] as const),
]

const regions = [
  ...['', 'accounts', 'slots', 'transient slots', 'changes to be undone', 'logs', 'code'],
  ...['memory', 'return data'],
]

/**
 * Runs a message in the transaction that has begun.
 *
 * @throws AppError `evm/capacity`, with the transaction undone; TooLong
 */
export async function execute(
  kernel: Kernel,
  message: Message,
  { pause, isLate }: Patience,
): Promise<Execution> {
  const paused = kernel.at.PAUSED
  kernel.mostAtOnce = isLate ? mostAtOnce : Number.POSITIVE_INFINITY
  let status: number
  try {
    status = begin(kernel, message)
    while (status === paused) {
      status = kernel.wasm.run(gasSlice)
      if (status !== paused) break
      if (isLate?.()) throw new TooLong('the code ran for too long')
      const others = pause()
      if (others) await others
    }
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error
    // Whatever is changed is noted before, so that the tables can go back to how the transaction found them.
    kernel.wasm.revertTo(kernel.at.JOURNAL)
    const region = kernel.wasm.fullRegion.value
    if (region > 0) throw tooLarge(regions[region] ?? 'work')
    throw new AppError({ code: 'evm/broken', message: 'the machine stopped', cause: error })
  }
  const ending = endingOf(kernel, status)
  const from = kernel.at.RETURN
  return {
    ...ending,
    output: kernel.bytes.slice(from, from + kernel.wasm.returnSize.value),
    gasLeft: kernel.limbs[(kernel.at.FRAMES + kernel.at.FRAME_GAS) / 8] ?? 0n,
    refund: kernel.wasm.refund.value,
  }
}

/** How a frame ended that ended with a status. */
export function endingOf({ at, wasm }: Kernel, status: number): Ending {
  if (status === at.OK) return { halt: undefined }
  if (status === at.REVERTED) return { halt: 'revert' }
  const { faultOp: op, faultWords: words, faultNeed: needed } = wasm
  return {
    halt: halts[wasm.fault.value] ?? 'out-of-gas',
    haltDetail: { op: op.value, words: words.value, needed: needed.value },
  }
}

function begin(kernel: Kernel, message: Message): number {
  const { sender, target, nonce, value, data, gas } = message
  const input = kernel.exchange(data)
  kernel.setWord(kernel.scratch, value)
  return target === undefined
    ? kernel.wasm.beginCreate(sender, nonce, kernel.scratch, input, data.length, gas)
    : kernel.wasm.beginCall(sender, target, kernel.scratch, input, data.length, gas)
}

/** The logs of the message that ran last and ended well. */
export function logsOf({ numbers, bytes, at, wasm }: Kernel): LogList {
  const count = wasm.logCount.value
  if (count === 0) return noLogs
  const records: number[] = []
  let record = at.LOGS
  for (let left = count; left > 0; left -= 1) {
    records.push(record)
    record += numbers[record / 4] ?? 0
  }
  const writer = new RlpWriter()
  for (const place of records.reverse()) {
    const { length } = writer
    const [topics = 0, dataSize = 0] = numbers.subarray(place / 4 + 1, place / 4 + 3)
    const body = place + at.LOG_BODY
    writer.writeFrom(bytes, body + 32 * topics, dataSize)
    const beforeTopics = writer.length
    for (let left = topics - 1; left >= 0; left -= 1) writer.writeFrom(bytes, body + 32 * left, 32)
    writer.closeList(beforeTopics)
    // A word, the address at its end.
    writer.writeFrom(bytes, place + at.LOG_ADDRESS + 12, 20)
    writer.closeList(length)
  }
  writer.closeList(0)
  return new LogList(writer.bytes(), count)
}

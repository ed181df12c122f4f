/** Turns what an engine does at the end of a block into payments of the protocol. */

import { fromBigInt, padStart, toBigInt } from '../base/bytes.ts'
import type { ConsensusEngine } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import { decodeRecord } from './consensus/record.ts'
import type { SystemCall } from './consensus/system-calls.ts'
import type { Header, Withdrawal } from './ledger/block.ts'
import type { Address, Hash } from './ledger/transaction.ts'

/** A block whose transactions are known. */
export interface OpenBlock {
  /** What of it depends on the end of the block is not looked at. */
  readonly header: Header
  readonly gasUsed: bigint
  /** Sound, as its block's header was checked or drafted by the engine. */
  readonly record: Uint8Array | undefined
  /** A slot of a contract after the block's last transaction; absent for a block that is not run. */
  readonly storage?: (address: Address, slot: bigint) => bigint
}

/** The end of a block: what is paid, and what follows from the chain then. */
export interface BlockClose {
  readonly withdrawals: readonly Withdrawal[]
  readonly calls: readonly SystemCall[]
  readonly derived: Derived
}

/** Ends the block after a certain one. */
export type Closing = (block: OpenBlock) => BlockClose | undefined

const weiPerGwei = 10n ** 9n

function unread(): never {
  throw new Error('an engine reads contracts at the end of a block that is not run')
}

/**
 * How blocks end on a parent.
 *
 * @param parent - what follows from the chain up to it; absent where blocks have no records
 * @param derivedOf - the same of other blocks of the chain
 */
export function closingOn(
  engine: Pick<ConsensusEngine<unknown>, 'closeBlock'>,
  parent: Derived | undefined,
  derivedOf: (hash: Hash) => Derived | undefined = () => undefined,
): Closing | undefined {
  if (parent === undefined) return undefined
  return ({ header, gasUsed, record, storage = unread }) => {
    if (record === undefined) return undefined
    const read = (address: Address, slot: Hash) =>
      padStart(fromBigInt(storage(address, toBigInt(slot))), 32)
    const facts = { header: { ...header, gasUsed }, record: decodeRecord(record), derivedOf }
    const closed = engine.closeBlock?.(parent, facts, { storage: read })
    if (closed === undefined) return undefined
    // A credit is a withdrawal of EIP-4895, counted since the birth.
    const withdrawals = closed.credits.map(({ to, amountWei }, at) => ({
      ...{ index: parent.creditCount + BigInt(at), validatorIndex: 0n },
      ...{ address: to, amountGwei: amountWei / weiPerGwei },
    }))
    return { withdrawals, calls: closed.calls, derived: closed.derived }
  }
}

/** Checks that a block's body is the one that its header commits to, before anything is run. */

import { equalBytes } from '../base/bytes.ts'
import type { Verdict } from './consensus/consensus.ts'
import { blobGasOf } from './ledger/blobs.ts'
import type { Block, Header } from './ledger/block.ts'
import { blockSize, encodeWithdrawal, ommersHash } from './ledger/block-codec.ts'
import type { Rules } from './ledger/fork-rules.ts'
import { encodeTransaction } from './ledger/transaction-codec.ts'
import { orderedRoot } from './state/ordered-root.ts'

/** The rule that a body breaks, or nothing; the rules are those of the block. */
export function bodyFault(
  block: Block,
  { numbers }: Rules,
): Extract<Verdict, { kind: 'invalid' }> | undefined {
  const invalid = (rule: string, detail: string) => ({ kind: 'invalid', rule, detail }) as const
  const { header, transactions, withdrawals, ommers } = block
  const most = numbers.blockBytes
  if (most > 0 && blockSize(block) > most) {
    return invalid('block-size', `the block has more than ${most} bytes (EIP-7934)`)
  }
  const blobGas = transactions.reduce((sum, one) => sum + blobGasOf(one), 0n)
  const expected = {
    transactionsRoot: orderedRoot(transactions.map(encodeTransaction)),
    ommersHash: ommersHash(ommers),
    withdrawalsRoot: withdrawals && orderedRoot(withdrawals.map(encodeWithdrawal)),
    blobGasUsed: header.blobGasUsed === undefined && blobGas === 0n ? undefined : blobGas,
  }
  const name = firstDifference(header, expected)
  return name && invalid(name, `${name} is not that of the block's body`)
}

/** The first of some fields in which a header differs. */
export function firstDifference(header: Header, fields: Partial<Header>): keyof Header | undefined {
  const names = Object.keys(fields) as (keyof Header)[]
  return names.find((name) => {
    const [given, found] = [header[name], fields[name]]
    return given instanceof Uint8Array && found instanceof Uint8Array
      ? !equalBytes(given, found)
      : given !== found
  })
}

/** Times blocks of 1 MB among 4 to 100 validators in virtual time: links of 100 ms and 1 Gbit/s, real signatures. */

import type { Transaction } from '../src/chain/ledger/transaction.ts'
import { encodeTransaction } from '../src/chain/ledger/transaction-codec.ts'
import { measuredCharges } from './charges.ts'
import { transferData } from './evm.ts'
import { spreadOf, spreadText, table } from './measure.ts'
import { virtualOutcome } from './virtual-process.ts'

const lines = { delayMs: 100, bitsPerSecond: 1e9 }
const blockBytes = 1_000_000
const scheme = 'ed25519'

/** ERC-20 transfers whose signatures nobody looks at: pools have recovered them before. */
function transfersOf(bytes: number): readonly Transaction[] {
  const transfer = (at: number): Transaction => ({
    ...{ type: 2, chainId: 7n, nonce: BigInt(1_000 + at), gasLimit: 60_000n, value: 0n },
    ...{ to: new Uint8Array(20).fill(0xbb), data: transferData(at), accessList: [] },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, yParity: 1 },
    ...{ r: 2n ** 255n + BigInt(at), s: 2n ** 254n + BigInt(at) },
  })
  const each = encodeTransaction(transfer(0)).length + 3
  return Array.from({ length: Math.floor(bytes / each) }, (_, at) => transfer(at))
}

/** The table of docs/performance.md. */
export async function validatorsTable(runs: number): Promise<string> {
  const transactions = transfersOf(blockBytes)
  const charges = await measuredCharges(scheme, transactions.length)
  const rows: string[][] = []
  for (const validators of [4, 16, 32, 64, 100]) {
    const { decided, messages, bytes, collectedMs } = await virtualOutcome({
      ...{ validators, scheme, lines, transactions, blocks: runs + 1 },
      ...{ executeMs: charges.execute, fsyncMs: charges.fsync },
    })
    // The first block compiles what runs.
    const measured = decided.slice(1)
    const worst = Math.max(...measured.map(({ round }) => round))
    rows.push([
      ...[String(validators), `${spreadText(spreadOf(measured.map((one) => one.commitMs)), 0)} ms`],
      ...[String(worst), messages.toFixed(0), (bytes / 1e6).toFixed(2), collectedMs.toFixed(0)],
    ])
  }
  const ms = (value: number) => `${value.toFixed(2)} ms`
  return [
    table(
      ['validators', 'signed → final on all', 'last round', 'messages', 'MB sent', 'collected, ms'],
      rows,
    ),
    '',
    `Blocks of ${transactions.length} ERC-20 transfers. Charged beside what the code took here: ${ms(charges.execute)} to run a block, ${ms(charges.fsync)} for each durable write. A signature took ${ms(charges.sign)}, its check ${ms(charges.verify)}. Messages, bytes and collections (of the heap that all share, charged to nobody): of one validator and block.`,
  ].join('\n')
}

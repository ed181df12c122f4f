/** Measures updates of the state's trie beside @ethereumjs/mpt. */

import { createMPT, type MerklePatriciaTrie } from '@ethereumjs/mpt'
import { encodeRlp, rlpInteger } from '../src/chain/ledger/rlp.ts'
import { emptyRoot } from '../src/chain/state/ordered-root.ts'
import type { State } from '../src/chain/state/state.ts'
import { emptyCodeHash, emptyState } from '../src/chain/state/trie-state.ts'
import { addressOf, balancesOf } from './chain-of-many.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'

const updates = 10_000

function* firstNumbers(count: number): Generator<number> {
  for (let number = 0; number < count; number += 1) yield number
}

function someNumbers(below: number): number[] {
  return Array.from({ length: updates }, () => Math.floor(Math.random() * below))
}

/** Microseconds of CPU that an update of 10,000 accounts takes for each of them, root included. */
async function ours(kept: { state: State }, accounts: number): Promise<number> {
  const difference = balancesOf(someNumbers(accounts), BigInt(Math.floor(Math.random() * 1e9)))
  const seconds = await timed(() => {
    const next = kept.state.apply(difference)
    next.root
    kept.state.release()
    kept.state = next
  })
  return (seconds * 1e6) / updates
}

async function theirs(trie: MerklePatriciaTrie, accounts: number): Promise<number> {
  const numbers = someNumbers(accounts)
  const balance = BigInt(Math.floor(Math.random() * 1e9))
  const seconds = await timed(async () => {
    for (const number of numbers) await put(trie, number, balance)
    trie.root()
  })
  return (seconds * 1e6) / updates
}

async function put(trie: MerklePatriciaTrie, number: number, balance: bigint): Promise<void> {
  const fields = [rlpInteger(1), rlpInteger(balance + BigInt(number)), emptyRoot, emptyCodeHash]
  await trie.put(addressOf(number), encodeRlp(fields))
}

/** Updates of 10,000 accounts. The other trie has a tenth of ours, since it would take minutes to build. */
export async function trieTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const accounts of [100_000, 1_000_000]) {
    const kept = { state: emptyState().apply(balancesOf(firstNumbers(accounts), 1n)) }
    kept.state.root
    const trie = await createMPT({ useKeyHashing: true })
    for (const number of firstNumbers(accounts / 10)) await put(trie, number, 1n)
    const found = await inTurns(runs, {
      ours: () => ours(kept, accounts),
      theirs: () => theirs(trie, accounts / 10),
    })
    rows.push([
      accounts.toLocaleString('en'),
      spreadText(spreadOf(found.get('ours') ?? [])),
      `${spreadText(spreadOf(found.get('theirs') ?? []), 0)} over ${(accounts / 10).toLocaleString('en')}`,
      spreadText(ratio(found.get('theirs'), found.get('ours')), 1),
    ])
  }
  return table(['accounts', 'µs CPU an update', '@ethereumjs/mpt', 'ratio'], rows)
}

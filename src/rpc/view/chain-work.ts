/** Adds up the work of a chain, which says how heavy it is where blocks cost work. */

import { equalBytes } from '../../base/bytes.ts'
import type { Chain } from '../../chain/chain.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { turnTaking } from '../../chain/turn-taking.ts'

interface Sum {
  readonly number: bigint
  readonly hash: Hash
  readonly work: bigint
}

/** The last sum of each chain, on which the next one stands. */
const sums = new WeakMap<Chain, Sum>()

/** Difficulties up to the head, added up; `undefined` where blocks cost none. */
export async function chainWork(chain: Chain): Promise<bigint | undefined> {
  const { header, hash } = chain.head()
  if (header.difficulty === 0n) return undefined
  const known = sums.get(chain)
  const isOnChain =
    known && equalBytes(chain.blockHash(known.number) ?? new Uint8Array(), known.hash)
  const pause = turnTaking()
  let work = isOnChain ? known.work : 0n
  for (let at = isOnChain ? known.number + 1n : 0n; at <= header.number; at += 1n) {
    work += chain.loggedBlock(at, () => true)?.block.header.difficulty ?? 0n
    const others = pause()
    if (others) await others
  }
  // A reorganisation while others had their turn makes the sum that of no chain: it is not kept.
  const isStill = equalBytes(chain.blockHash(header.number) ?? new Uint8Array(), hash)
  if (!isStill) return chainWork(chain)
  sums.set(chain, { number: header.number, hash, work })
  return work
}

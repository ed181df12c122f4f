/** Remembers the transactions that were made for others to sign, so that a signature alone brings them back. */

import { toHex } from '../../base/bytes.ts'
import { Recent } from '../../base/recent.ts'
import type {
  Address,
  Signature,
  Transaction,
  UnsignedTransaction,
} from '../../chain/ledger/transaction.ts'
import { senderOf } from '../../chain/ledger/transaction-codec.ts'
import { keccak256 } from '../../crypto/keccak.ts'

/** What is wanted of a transaction; the rest of it is the node's to choose. */
export interface DraftWish {
  readonly sender: Address
  readonly to: Address
  readonly value: bigint
  readonly data: Uint8Array
}

/** Wishes remembered, and drafts of one of them. */
const [mostWishes, mostOfOne] = [4_096, 4]

/** Drafts by what was wished for; the oldest are forgotten. */
export class Drafts {
  readonly #drafts = new Recent<string, readonly UnsignedTransaction[]>(mostWishes)

  add(wish: DraftWish, draft: UnsignedTransaction): void {
    const key = keyOf(wish)
    // The data come again with the signature.
    const light = { ...draft, data: new Uint8Array() }
    this.#drafts.set(key, [light, ...(this.#drafts.get(key) ?? [])].slice(0, mostOfOne))
  }

  /** Whether anything was drafted for a wish. */
  has(wish: DraftWish): boolean {
    return this.#drafts.has(keyOf(wish))
  }

  /** The draft that the sender signed so, with its signature. */
  signed(wish: DraftWish, signature: Signature): Transaction | undefined {
    const sender = toHex(wish.sender)
    return this.#drafts
      .get(keyOf(wish))
      ?.map((draft): Transaction => ({ ...draft, data: wish.data, ...signature }))
      .find((transaction) => {
        const signer = senderOf(transaction)
        return signer !== undefined && toHex(signer) === sender
      })
  }
}

function keyOf({ sender, to, value, data }: DraftWish): string {
  return [toHex(sender), toHex(to), value, toHex(keccak256(data))].join()
}

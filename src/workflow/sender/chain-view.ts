/** Asks a node what it knows of an account and its transactions. */

import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import { signedFields } from '../../stream/transaction-signer.ts'
import type { SentOutcome, SentTransaction } from '../sent-transaction.ts'

interface Receipt {
  readonly blockNumber: Hex
  readonly blockHash: Hex
  readonly status: Hex
  readonly gasUsed: Hex
  readonly contractAddress?: Hex | null
}

interface Body {
  readonly hash?: Hex
  readonly transactions?: readonly Json[]
}

/** Where a transaction is. */
type Place = Pick<SentOutcome, 'blockNumber' | 'blockHash'>

/** A transaction of the account in a block. */
export interface UsedNonce extends Place {
  readonly hash: Hex
}

/** The chain as one account sees it. */
export class ChainView {
  readonly #client: JsonRpcClient
  readonly #address: Hex

  constructor(client: JsonRpcClient, address: Hex) {
    this.#client = client
    this.#address = address
  }

  /** Transactions that the account has in the chain, or in the chain and the node's pool. */
  async count(tag: 'latest' | 'pending' | Hex): Promise<number> {
    return Number(await this.#client.request('eth_getTransactionCount', [this.#address, tag]))
  }

  /** Number of the last block. */
  async head(): Promise<number> {
    return Number(await this.#client.request('eth_blockNumber'))
  }

  /** Number of the last final block: as deep as this at least, and not before the node's word where it gives one. */
  async finalized(head: number, depth: number): Promise<number> {
    const block = (await this.#client
      .request('eth_getBlockByNumber', ['finalized', false])
      .catch(() => null)) as { readonly number: Hex } | null
    return Math.min(head - depth, block === null ? head : Number(block.number))
  }

  /** Whether the node has the last version of a transaction in its pool. */
  async knows({ versions }: SentTransaction): Promise<boolean> {
    const hash = versions.at(-1)?.hash ?? '0x'
    const found = await this.#client.request('eth_getTransactionByHash', [hash])
    return found !== null && ((found as { blockNumber?: Json }).blockNumber ?? null) === null
  }

  /** How a transaction ended, by whichever of its versions. */
  async outcomeOf({ versions }: SentTransaction): Promise<SentOutcome | undefined> {
    for (const { hash } of versions.toReversed()) {
      const answer = await this.#client.request('eth_getTransactionReceipt', [hash])
      if (answer === null) continue
      const { blockNumber, blockHash, status, gasUsed, contractAddress } =
        answer as unknown as Receipt
      return {
        ...{ hash, blockNumber: Number(blockNumber), blockHash, succeeded: status === '0x1' },
        gasUsed: String(BigInt(gasUsed)),
        ...(contractAddress ? { contractAddress } : {}),
      }
    }
    return undefined
  }

  /**
   * Says for one look at the chain whether most endpoints have a block: one that is behind, or lies, shows blocks that have
   * left. `undefined` where they do not agree now. All are asked once for each block, however many transactions it has.
   */
  agreement(): (place: Place) => Promise<boolean | undefined> {
    const hashes = new Map<number, Promise<string | undefined>>()
    return async ({ blockNumber, blockHash }) => {
      if (this.#client.agreedHash === undefined) return true
      const asked = hashes.get(blockNumber) ?? this.#client.agreedHash(blockNumber)
      hashes.set(blockNumber, asked)
      const agreed = await asked
      return agreed === undefined ? undefined : agreed === blockHash
    }
  }

  /**
   * The transaction that used a nonce, by its signature, which no node can make up; `undefined` where the node does not
   * show it, as one that no longer knows how many there were at the time. It is looked for in a block that is given first.
   */
  async usedBy(nonce: number, blockNumber?: number): Promise<UsedNonce | undefined> {
    try {
      const found = blockNumber === undefined ? undefined : await this.#usedIn(blockNumber, nonce)
      if (found) return found
      const first = await this.#blockOf(nonce)
      return first === undefined ? undefined : await this.#usedIn(first, nonce)
    } catch (error) {
      const isRefused = error instanceof AppError && error.code !== 'json-rpc/unreachable'
      if (isRefused) return undefined
      throw error
    }
  }

  async #usedIn(blockNumber: number, nonce: number): Promise<UsedNonce | undefined> {
    const block = await this.#client.request('eth_getBlockByNumber', [at(blockNumber), true])
    const { transactions = [], hash: blockHash = '0x' } = (block ?? {}) as Body
    for (const one of transactions) {
      const { from } = one as { readonly from?: Json }
      if (String(from).toLowerCase() !== this.#address.toLowerCase()) continue
      const found = signedFields(one)
      if (found?.nonce === nonce && found.signer === this.#address.toLowerCase()) {
        return { hash: found.hash, blockNumber, blockHash }
      }
    }
    return undefined
  }

  /** The first block that counts a nonce: looked for back from the head, ever further, then in between. */
  async #blockOf(nonce: number): Promise<number | undefined> {
    let after = await this.head()
    let before = after
    for (let step = 1; ; step *= 2) {
      if ((await this.count(at(before))) <= nonce) break
      after = before
      if (before === 0) return 0
      before = Math.max(0, before - step)
    }
    if (before === after) return undefined
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if ((await this.count(at(middle))) > nonce) after = middle
      else before = middle
    }
    return after
  }
}

const at = (number: number): Hex => `0x${number.toString(16)}`

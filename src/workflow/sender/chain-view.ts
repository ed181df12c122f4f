/** Asks a node what it knows of an account and its transactions. */

import type { Hex } from '../../base/bytes.ts'
import type { JsonRpcClient } from '../../base/json-rpc.ts'
import type { SentOutcome, SentTransaction } from '../sent-transaction.ts'

interface Receipt {
  readonly blockNumber: Hex
  readonly blockHash: Hex
  readonly status: Hex
  readonly gasUsed: Hex
  readonly contractAddress?: Hex | null
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
  async count(tag: 'latest' | 'pending'): Promise<number> {
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

  /** Whether the node has the last version of a transaction, in its pool or in a block. */
  async knows({ versions }: SentTransaction): Promise<boolean> {
    const hash = versions.at(-1)?.hash ?? '0x'
    return (await this.#client.request('eth_getTransactionByHash', [hash])) !== null
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
}

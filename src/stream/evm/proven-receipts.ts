/** Reads the receipts of blocks, and holds them against the root in the header. */

import type { Json, JsonRpcCall } from '../../base/json-rpc.ts'
import { inconsistent } from '../source.ts'
import { dishonest } from './block-checks.ts'
import {
  badAnswer,
  type ChainLog,
  type EvmBlock,
  type Fields,
  fieldsOf,
  hashOf,
  logContent,
} from './evm-answers.ts'
import { receiptsRoot } from './receipts-root.ts'
import { isRefusal, isUnknownBlock } from './refusals.ts'

/** How an endpoint is asked. */
interface Asking {
  ask(method: string, params: readonly Json[]): Promise<Json>
  askAll(calls: readonly JsonRpcCall[]): Promise<readonly Json[]>
}

const method = 'eth_getBlockReceipts'

/** The receipts that one endpoint gives. */
export class ProvenReceipts {
  readonly #with: Asking

  constructor(asking: Asking) {
    this.#with = asking
  }

  /** Logs of a block by its receipts. @throws AppError `stream/dishonest` if they are not those of its header */
  async logsOf(block: EvmBlock): Promise<readonly ChainLog[]> {
    const { number, hash, header } = block
    const receipts = await this.#of(block)
    if (receiptsRoot(receipts) !== hashOf(header.receiptsRoot, method)) {
      throw dishonest(`the receipts of block ${number} are not those of its header`)
    }
    let logIndex = 0
    return receipts.flatMap((receipt) =>
      (receipt.logs as readonly Json[]).map((log) => {
        const content = logContent(log as Fields, method)
        const transactionHash = hashOf(receipt.transactionHash, method)
        const place = { blockNumber: number, blockHash: hash, transactionHash, logIndex }
        logIndex += 1
        return { ...content, ...place }
      }),
    )
  }

  async #of({ number, hash, header }: EvmBlock): Promise<readonly Fields[]> {
    const answer = await this.#with.ask(method, [hash]).catch((error) => {
      if (!isRefusal(error) || isUnknownBlock(error)) throw error
      // Where this method is not known: one by one.
      const hashes = header.transactions ?? []
      if (!Array.isArray(hashes)) throw badAnswer(method, 'no list of transactions')
      return this.#with.askAll(hashes.map((one: Json) => ['eth_getTransactionReceipt', [one]]))
    })
    if (answer === null) throw inconsistent(`block ${number} was there, and then it was not`)
    if (!Array.isArray(answer)) throw badAnswer(method, 'no list')
    return answer.map((one: Json) => fieldsOf(one, method))
  }
}

/** Plays a node's transaction pool, whose losses and refusals a test decides. */

import { keccak256, parseTransaction } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'

/** A node that mines by command. */
export class ScriptedNode implements JsonRpcClient {
  /** Raw transactions that were broadcast, in order. */
  readonly sent: Hex[] = []
  readonly #pool = new Map<Hex, Hex>()
  readonly #mined = new Map<Hex, { block: number; status: Hex; fork: number }>()
  #fork = 0
  /** A chain from before London. */
  isLegacy = false
  /** Number of the last final block. */
  finalized = 0
  #height = 1
  /** The account's next nonce in the chain. */
  nonce = 0
  /** Wei per gas. */
  baseFee = 10n ** 9n
  /** Answers a broadcast instead of taking it; the answer may still be lost with `lose`. */
  refuse: ((raw: Hex) => string | undefined) | undefined
  /** Takes the transaction, and answers as if the line were cut. */
  lose = false
  /** Counts what is mined, but does not know it yet by hash: another machine behind the same address. */
  hidesReceipts = false
  /** Error of the estimate, as a node words it, with data. */
  revert: { readonly message: string; readonly data: Hex } | undefined

  /** Puts everything that waits into a block. */
  mine(status: Hex = '0x1'): void {
    this.#height += 1
    for (const [hash, raw] of this.#pool) {
      const { nonce = 0 } = parseTransaction(raw)
      if (nonce !== this.nonce) continue
      this.nonce += 1
      this.#mined.set(hash, { block: this.#height, status, fork: this.#fork })
      this.#pool.delete(hash)
    }
  }

  /** Blocks from a number on leave the chain, and what was in them is forgotten. */
  leave(from: number): void {
    this.#fork += 1
    for (const [hash, { block }] of this.#mined) {
      if (block < from) continue
      this.#mined.delete(hash)
      this.nonce -= 1
    }
    this.#height = from - 1
  }

  /** Forgets everything that waits. */
  forget(): void {
    this.#pool.clear()
  }

  async request(method: string, params: readonly Json[] = []): Promise<Json> {
    const [first] = params as [Hex]
    if (method === 'eth_estimateGas') {
      if (this.revert) throw failure(this.revert.message, this.revert.data)
      return '0xc350'
    }
    if (method === 'eth_call') return '0x'
    if (method === 'eth_blockNumber') return `0x${this.#height.toString(16)}`
    if (method === 'eth_getBlockByNumber' && params[0] === 'finalized')
      return { number: `0x${this.finalized.toString(16)}` }
    if (this.isLegacy && method === 'eth_gasPrice') return '0x77359400'
    if (this.isLegacy && method === 'eth_getBlockByNumber') return {}
    if (method === 'eth_getBlockByNumber')
      return { baseFeePerGas: `0x${this.baseFee.toString(16)}` }
    if (method === 'eth_maxPriorityFeePerGas') return '0x3b9aca00'
    if (method === 'eth_getTransactionCount')
      return `0x${(this.nonce + (params[1] === 'pending' ? this.#pool.size : 0)).toString(16)}`
    if (this.hidesReceipts && /ByHash|Receipt/.test(method)) return null
    if (method === 'eth_getTransactionByHash')
      return this.#pool.has(first) || this.#mined.has(first) ? { hash: first } : null
    if (method === 'eth_sendRawTransaction') return this.#take(first)
    if (method !== 'eth_getTransactionReceipt') throw new Error(`not scripted: ${method}`)
    const mined = this.#mined.get(first)
    return mined
      ? {
          ...{ blockNumber: `0x${mined.block.toString(16)}`, status: mined.status },
          ...{ blockHash: `0x${mined.fork}${mined.block}`, gasUsed: '0x5208' },
        }
      : null
  }

  #take(raw: Hex): Json {
    this.sent.push(raw)
    const refusal = this.refuse?.(raw)
    if (refusal) throw failure(refusal)
    const hash = keccak256(raw)
    if (this.#pool.has(hash)) throw failure('already known')
    if ((parseTransaction(raw).nonce ?? 0) < this.nonce) throw failure('nonce too low')
    this.#pool.set(hash, raw)
    if (this.lose)
      throw new AppError({ code: 'json-rpc/unreachable', message: 'cut', retry: 'later' })
    return hash
  }
}

function failure(message: string, data?: Hex): AppError {
  return new AppError({
    code: 'json-rpc/error',
    message,
    data: { code: 3, ...(data ? { data } : {}) },
  })
}

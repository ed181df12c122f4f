/** Plays a node's transaction pool, whose losses and refusals a test decides. */

import {
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  type TransactionSerialized,
} from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'

interface MinedTransaction {
  readonly block: number
  readonly status: Hex
  readonly fork: number
  readonly raw: Hex
}

/** A node that mines by command. */
export class ScriptedNode implements JsonRpcClient {
  /** Raw transactions that were broadcast, in order. */
  readonly sent: Hex[] = []
  readonly #pool = new Map<Hex, Hex>()
  readonly #mined = new Map<Hex, MinedTransaction>()
  #fork = 0
  /** Where the chain forked off when each block was made. */
  #made = [0, 0]
  /** A chain from before London. */
  isLegacy = false
  /** Number of the last final block. */
  finalized = 0
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
  /** Shows no transactions of blocks either. */
  hidesBodies = false
  /** Error of the estimate and of calls, as a node words it, with data. */
  revert: { readonly message: string; readonly data?: Hex } | undefined
  /** Blocks whose states it has, from the last one back. */
  states = Number.POSITIVE_INFINITY
  /** Gas that is estimated. */
  estimate = 50_000n

  get #height(): number {
    return this.#made.length - 1
  }

  /** Puts everything that waits into a block. */
  mine(status: Hex = '0x1'): void {
    this.grow(1)
    for (const [hash, raw] of this.#pool) {
      const { nonce = 0 } = parseTransaction(raw)
      if (nonce !== this.nonce) continue
      this.nonce += 1
      this.#mined.set(hash, { block: this.#height, status, fork: this.#fork, raw })
      this.#pool.delete(hash)
    }
  }

  /** Puts a transaction that somebody else sent into a block of its own. */
  mineOther(raw: Hex): void {
    this.grow(1)
    this.nonce += 1
    const place = { block: this.#height, status: '0x1' as const, fork: this.#fork }
    this.#mined.set(keccak256(raw), { ...place, raw })
  }

  /** Adds blocks that hold nothing. */
  grow(blocks: number): void {
    this.#made.push(...Array.from({ length: blocks }, () => this.#fork))
  }

  /** Blocks from a number on leave the chain, and what was in them is forgotten. */
  leave(from: number): void {
    this.#fork += 1
    for (const [hash, { block }] of this.#mined) {
      if (block < from) continue
      this.#mined.delete(hash)
      this.nonce -= 1
    }
    this.#made.length = from
  }

  /** Forgets one that waits. */
  drop(raw: Hex): void {
    this.#pool.delete(keccak256(raw))
  }

  /** Forgets everything that waits. */
  forget(): void {
    this.#pool.clear()
  }

  async request(method: string, params: readonly Json[] = []): Promise<Json> {
    const [first] = params as [Hex]
    if (method === 'eth_estimateGas' || method === 'eth_call') {
      if (this.revert) throw failure(this.revert.message, this.revert.data)
      return method === 'eth_call' ? '0x' : `0x${this.estimate.toString(16)}`
    }
    if (method === 'eth_blockNumber') return `0x${this.#height.toString(16)}`
    if (method === 'eth_getBlockByNumber' && params[0] === 'finalized')
      return { number: `0x${this.finalized.toString(16)}` }
    if (this.isLegacy && method === 'eth_gasPrice') return '0x77359400'
    if (this.isLegacy && method === 'eth_getBlockByNumber') return {}
    if (method === 'eth_getBlockByNumber' && params[1] === true) return this.#body(Number(first))
    if (method === 'eth_getBlockByNumber') return this.#header(Number(first))
    if (method === 'eth_maxPriorityFeePerGas') return '0x3b9aca00'
    if (method === 'eth_getTransactionCount') return `0x${this.#count(params[1]).toString(16)}`
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

  #header(number: number): Json {
    const baseFeePerGas = `0x${this.baseFee.toString(16)}`
    const fork = this.#made[number]
    return fork === undefined ? { baseFeePerGas } : { baseFeePerGas, hash: `0x${fork}${number}` }
  }

  #count(tag: Json | undefined): number {
    if (tag === 'pending') return this.#pending()
    if (tag === 'latest') return this.nonce
    if (this.#height - Number(tag) >= this.states) throw failure('missing trie node')
    const later = [...this.#mined.values()].filter(({ block }) => block > Number(tag))
    return this.nonce - later.length
  }

  /** The next nonce once all is mined that waits for no other. */
  #pending(): number {
    const waiting = new Set([...this.#pool.values()].map((raw) => parseTransaction(raw).nonce ?? 0))
    let next = this.nonce
    while (waiting.has(next)) next += 1
    return next
  }

  async #body(number: number): Promise<Json> {
    const here = [...this.#mined.values()].filter(({ block }) => block === number)
    const shown = this.hidesBodies ? [] : here.map(({ raw }) => shownTransaction(raw))
    return { hash: `0x${this.#made[number]}${number}`, transactions: await Promise.all(shown) }
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

/** A transaction of the usual kind, as nodes show it. */
async function shownTransaction(raw: Hex): Promise<Json> {
  const { type, to, data, r, s, yParity, accessList, ...numbers } = parseTransaction(raw)
  if (type !== 'eip1559') throw new Error(`not scripted: ${type}`)
  const integers = {
    ...{ chainId: 0, nonce: 0, gas: 0n, value: 0n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
    ...numbers,
  }
  const quantities = Object.entries(integers).map(([name, value]) => [
    name,
    `0x${value.toString(16)}`,
  ])
  const from = await recoverTransactionAddress({
    serializedTransaction: raw as TransactionSerialized,
  })
  return {
    ...{
      ...Object.fromEntries(quantities),
      type: '0x2',
      from,
      to: to ?? null,
      input: data ?? '0x',
    },
    ...{ accessList: [], r: r ?? null, s: s ?? null, yParity: yParity === 1 ? '0x1' : '0x0' },
  }
}

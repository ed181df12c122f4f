/** Plays an endpoint whose chain, faults and limits a test decides. */

import { encodeAbiParameters, encodeEventTopics, keccak256, parseAbiItem, toHex } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'

export const vault = '0x00000000000000000000000000000000000000aa'
export const paid = 'Paid(address indexed who, uint256 amount)'
const abi = parseAbiItem(`event ${paid}`)

interface Block {
  readonly hash: Hex
  readonly parentHash: Hex
  /** Amounts of the events in it, one transaction each. */
  readonly amounts: readonly bigint[]
}

const hex = (value: number): Hex => `0x${value.toString(16)}`

/** A chain that grows and reorganises by command. */
export class ScriptedChain implements JsonRpcClient {
  #blocks: Block[] = []
  #salt = 0
  chainId = 7
  down = false
  /** Most blocks of a log query; more is "too many results". */
  maxRange = Number.POSITIVE_INFINITY
  /** Log queries asked so far: their ranges. */
  readonly ranges: number[] = []
  /** Changes an answer before it is given. */
  distort: (method: string, answer: Json) => Json = (_, answer) => answer

  constructor() {
    this.grow([])
  }

  get head(): number {
    return this.#blocks.length - 1
  }

  /** Adds a block with one event for each amount. */
  grow(amounts: readonly bigint[]): void {
    const parentHash = this.#blocks.at(-1)?.hash ?? `0x${'00'.repeat(32)}`
    const hash = keccak256(toHex(`${parentHash}:${this.#salt}:${amounts.join()}`))
    this.#blocks.push({ hash, parentHash, amounts })
  }

  /** Takes blocks away; those that grow then have other hashes. */
  drop(count: number): void {
    this.#blocks.splice(-count)
    this.#salt += 1
  }

  async request(method: string, params: readonly Json[] = []): Promise<Json> {
    if (this.down) {
      throw new AppError({ code: 'json-rpc/unreachable', message: 'refused', retry: 'later' })
    }
    return this.distort(method, this.#answer(method, params))
  }

  #answer(method: string, [first]: readonly Json[]): Json {
    if (method === 'eth_chainId') return hex(this.chainId)
    if (method === 'eth_blockNumber') return hex(this.head)
    if (method === 'eth_getBlockByNumber') {
      const block = this.#blocks[Number(first)]
      if (block === undefined) return null
      const { hash, parentHash } = block
      return { number: String(first), hash, parentHash, timestamp: hex(1_000 + Number(first)) }
    }
    if (method === 'eth_getLogs') return this.#logs(first as { fromBlock: Hex; toBlock: Hex })
    if (method !== 'eth_getTransactionReceipt') throw new Error(`not scripted: ${method}`)
    const log = this.#all().find(({ transactionHash }) => transactionHash === first)
    // Each transaction has another log before ours, so that the place within it is 1.
    const other = log && { ...log, logIndex: hex(Number(log.logIndex) - 1) }
    return log && other ? { blockHash: log.blockHash, logs: [other, log] } : null
  }

  #logs({ fromBlock, toBlock }: { fromBlock: Hex; toBlock: Hex }): Json {
    const span = Number(toBlock) - Number(fromBlock) + 1
    this.ranges.push(span)
    if (span > this.maxRange) {
      const data = { code: -32005 }
      throw new AppError({
        code: 'json-rpc/error',
        message: 'query returned more than 10000 results',
        data,
      })
    }
    return this.#all().filter(
      ({ blockNumber }) =>
        Number(blockNumber) >= Number(fromBlock) && Number(blockNumber) <= Number(toBlock),
    )
  }

  #all() {
    return this.#blocks.flatMap(({ hash, amounts }, number) =>
      amounts.map((amount, place) => ({
        address: vault,
        topics: encodeEventTopics({ abi: [abi], args: { who: vault } }) as Hex[],
        data: encodeAbiParameters([{ type: 'uint256' }], [amount]),
        blockNumber: hex(number),
        blockHash: hash,
        // The same payment has the same transaction in whichever block it is.
        transactionHash: keccak256(toHex(`payment of ${amount}`)),
        logIndex: hex(place * 2 + 1),
      })),
    )
  }
}

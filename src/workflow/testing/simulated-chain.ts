/** A chain that a test tells what happens on it: blocks, events, transactions, finality, reorganisations; by JSON-RPC. */

import { encodeAbiParameters, encodeEventTopics, keccak256, toHex } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import { registeredSignature } from '../../stream/abi-registry.ts'
import { parseEvent } from '../../stream/event-decoder.ts'
import { argumentsOf } from '../evm/abi-json.ts'
import type { SendRequest, SentOutcome, TransactionSender } from '../sent-transaction.ts'

/** A transaction, with what it tells. */
interface SimulatedTransaction {
  readonly hash: Hex
  readonly logs: readonly {
    readonly address: Hex
    readonly topics: readonly Hex[]
    readonly data: Hex
  }[]
}

interface Block {
  readonly number: number
  readonly hash: Hex
  readonly parentHash: Hex
  readonly timestamp: number
  readonly transactions: readonly SimulatedTransaction[]
}

const hex = (value: number): Hex => `0x${value.toString(16)}`
const nobody: Hex = `0x${'00'.repeat(32)}`
/** Seconds between two blocks. */
const blockSeconds = 12

/** A chain of blocks that grows by command. */
export class SimulatedChain implements JsonRpcClient {
  readonly #blocks: Block[] = []
  readonly #lookers = new Set<() => void>()
  readonly #firstSeconds: number
  #count = 0
  #branch = 0
  #final = 0
  /** Questions that it cannot answer; the test has to. */
  readonly unanswered: string[] = []
  /** Questions asked so far. */
  asked = 0
  readonly chainId = 20_250

  constructor(startMs: number) {
    this.#firstSeconds = Math.floor(startMs / 1_000)
    this.#add([])
  }

  get head(): number {
    return this.#blocks.length - 1
  }

  get hashOfHead(): Hex {
    return this.#blocks.at(-1)?.hash ?? nobody
  }

  /** Adds blocks, the first of them with these transactions; gives its number. */
  mine(count = 1, transactions: readonly SimulatedTransaction[] = []): number {
    const first = this.#blocks.length
    for (let at = 0; at < count; at += 1) this.#add(at === 0 ? transactions : [])
    this.#tell()
    return first
  }

  /** Everything up to the head is final. */
  finalize(): void {
    this.#final = this.head
    this.#tell()
  }

  /** Other blocks take the place of the last ones, one more; with what they held, or without. */
  reorganise(depth: number, keeps: boolean): void {
    const count = Math.min(depth, this.head)
    const gone = this.#blocks.splice(this.#blocks.length - count)
    this.#branch += 1
    this.#final = Math.min(this.#final, this.head)
    for (const { transactions } of gone) this.#add(keeps ? transactions : [])
    this.#add([])
    this.#tell()
  }

  /** A transaction with one event. @throws AppError `workflow/bad-input` for arguments that are not the event's */
  eventOf(
    signature: string,
    { address, args }: { readonly address: Hex; readonly args: { readonly [name: string]: Json } },
  ): SimulatedTransaction {
    const event = parseEvent(registeredSignature(signature)?.signature ?? signature)
    const inputs = event.inputs.map((input, at) => ({ ...input, name: input.name || String(at) }))
    const missing = inputs.find(({ name }) => !Object.hasOwn(args, name))
    const surplus = Object.keys(args).find((name) => !inputs.some((input) => input.name === name))
    if (missing ?? surplus) {
      const what = missing ? `lacks the argument "${missing.name}"` : `has no argument "${surplus}"`
      const message = `the event ${signature} ${missing ? 'of the test ' : ''}${what}; it has ${inputs.map(({ name }) => name).join(', ')}`
      throw new AppError({ code: 'workflow/bad-input', message })
    }
    const values = argumentsOf(
      inputs.map(({ name }) => args[name] as Json),
      inputs,
    )
    const indexed = inputs.flatMap(({ indexed: is, name }, at) => (is ? [[name, values[at]]] : []))
    const open = inputs.flatMap((input, at) =>
      input.indexed ? [] : [{ input, value: values[at] }],
    )
    const topics = encodeEventTopics({
      ...{ abi: [{ ...event, inputs }], eventName: event.name },
      args: Object.fromEntries(indexed) as Record<string, unknown>,
    } as unknown as Parameters<typeof encodeEventTopics>[0]) as Hex[]
    const data = encodeAbiParameters(
      open.map(({ input }) => input),
      open.map(({ value }) => value),
    )
    this.#count += 1
    return { hash: keccak256(toHex(`event ${this.#count}`)), logs: [{ address, topics, data }] }
  }

  /** Puts transactions of workflows into blocks, each by the key that it is asked with. */
  sender(): TransactionSender {
    const sent = new Map<string, SentOutcome>()
    const status = { chainId: this.chainId, open: 0, waiting: 0, problem: undefined }
    const address: Hex = `0x${'5e'.repeat(20)}`
    return {
      ...{ address, chainId: this.chainId, start: () => {}, stop: async () => {} },
      status: () => ({ ...status, address }),
      hasSigned: async (key) => sent.has(key),
      sign: async () => {
        const message = 'the simulated chain has no key to sign with'
        throw new AppError({ code: 'workflow/no-signer', message })
      },
      send: async ({ idempotencyKey, to }: SendRequest) => {
        const known = sent.get(idempotencyKey)
        if (known) return known
        const hash = keccak256(idempotencyKey)
        const blockNumber = this.mine(1, [{ hash, logs: [] }])
        const outcome: SentOutcome = {
          ...{ hash, blockNumber, blockHash: this.hashOfHead, succeeded: true, gasUsed: '21000' },
          ...(to === undefined ? { contractAddress: `0x${hash.slice(-40)}` as Hex } : {}),
        }
        sent.set(idempotencyKey, outcome)
        return outcome
      },
    }
  }

  subscribe(look: () => void): () => void {
    this.#lookers.add(look)
    return () => this.#lookers.delete(look)
  }

  async request(method: string, [first]: readonly Json[] = []): Promise<Json> {
    this.asked += 1
    if (method === 'eth_chainId') return hex(this.chainId)
    if (method === 'eth_blockNumber') return hex(this.head)
    if (method === 'eth_getBlockByNumber') return blockView(this.#blocks[this.#numberOf(first)])
    if (method === 'eth_getBlockByHash') {
      return blockView(this.#blocks.find(({ hash }) => hash === first))
    }
    if (method === 'eth_getLogs') return this.#logs(first as { readonly [name: string]: Json })
    if (method === 'eth_getTransactionReceipt') return this.#receipt(String(first))
    this.unanswered.push(method)
    const message = `the simulated chain does not answer ${method}: give the step a stub`
    throw new AppError({ code: 'json-rpc/error', message, data: { code: -32_601 } })
  }

  #add(transactions: readonly SimulatedTransaction[]): void {
    const number = this.#blocks.length
    const parentHash = this.#blocks.at(-1)?.hash ?? nobody
    const hash = keccak256(toHex(`${parentHash} ${number} ${this.#branch}`))
    const timestamp = this.#firstSeconds + number * blockSeconds
    this.#blocks.push({ number, hash, parentHash, timestamp, transactions })
  }

  #tell(): void {
    for (const look of this.#lookers) look()
  }

  #numberOf(tag: Json | undefined): number {
    if (tag === 'latest' || tag === 'pending') return this.head
    return tag === 'safe' || tag === 'finalized' ? this.#final : Number(tag)
  }

  #logs({ blockHash, fromBlock, toBlock }: { readonly [name: string]: Json }): Json {
    const [from, to] = [this.#numberOf(fromBlock), this.#numberOf(toBlock)]
    return this.#blocks
      .filter(({ number, hash }) =>
        blockHash === undefined ? number >= from && number <= to : hash === blockHash,
      )
      .flatMap(logsOf)
  }

  #receipt(wanted: string): Json {
    const block = this.#blocks.find(({ transactions }) =>
      transactions.some(({ hash }) => hash === wanted),
    )
    if (block === undefined) return null
    const { number, hash: blockHash } = block
    const logs = logsOf(block).filter(({ transactionHash }) => transactionHash === wanted)
    const place = { blockNumber: hex(number), blockHash, transactionHash: wanted }
    return { ...place, status: '0x1', gasUsed: hex(21_000), logs }
  }
}

function blockView(block: Block | undefined): Json {
  if (block === undefined) return null
  const { number, hash, parentHash, timestamp, transactions } = block
  return {
    ...{ number: hex(number), hash, parentHash, timestamp: hex(timestamp) },
    transactions: transactions.map((one) => one.hash),
  }
}

function logsOf({ number, hash: blockHash, transactions }: Block) {
  return transactions
    .flatMap(({ hash: transactionHash, logs }) => logs.map((log) => ({ ...log, transactionHash })))
    .map((log, at) => ({
      ...{ ...log, topics: [...log.topics], blockNumber: hex(number), blockHash },
      ...{ logIndex: hex(at), removed: false },
    }))
}

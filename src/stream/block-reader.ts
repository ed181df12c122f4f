/** Reads whole blocks from the endpoints of a chain, and refuses those that are not what their hashes say. */

import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Json, JsonRpcCall, JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import { checkBlock, dishonest, type GivenBlock } from './evm/block-checks.ts'
import {
  badAnswer,
  blockOf,
  type Fields,
  fieldsOf,
  hashOf,
  numberOf,
  quantity,
} from './evm/evm-answers.ts'
import { isRefusal } from './evm/refusals.ts'
import type { EventChecks } from './evm-source.ts'
import { EndpointRecord } from './pool/endpoint-record.ts'
import { inconsistent } from './source.ts'

/** A block with its transactions, and its receipts where they were asked for. */
export interface ReadBlock extends GivenBlock {
  readonly parentHash: string
  readonly receipts: readonly Fields[]
}

/** Reads a chain. */
export interface BlockReader {
  /** The number of the block by tag; nothing where the endpoint has none. */
  tagged(tag: string): Promise<number | undefined>
  /** Hashes of blocks by number; nothing for those that are not there. */
  hashes(numbers: readonly number[]): Promise<readonly (string | undefined)[]>
  /**
   * Blocks by number. What is wrong is refused and another endpoint is asked; the wrong one counts as a liar.
   *
   * @throws AppError `stream/dishonest`, `stream/bad-answer`, `stream/inconsistent`, `json-rpc/…` (later) where no endpoint
   * gives them
   */
  blocks(
    numbers: readonly number[],
    wanted: { readonly receipts: boolean },
  ): Promise<readonly ReadBlock[]>
}

/** Which chain is read, and how far its endpoints are trusted. */
export interface BlockReaderOptions {
  readonly chain: string
  /**
   * `none` believes everything. `bloom` believes what has a form of its own, as the headers and transactions of some chains,
   * where no endpoint has it otherwise, and a second one has shown it once; `all` refuses it.
   */
  readonly checks: EventChecks
  readonly endpoints: readonly { readonly name: string; readonly client: JsonRpcClient }[]
}

/** What a reader needs of the world. */
export interface BlockReaderDependencies {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

type Endpoint = EndpointRecord<JsonRpcClient>

/** A reader of the blocks of a chain. */
export function createBlockReader(
  options: BlockReaderOptions,
  dependencies: BlockReaderDependencies,
): BlockReader {
  return new Reader(options, dependencies)
}

class Reader implements BlockReader {
  readonly #options: BlockReaderOptions
  readonly #logger: Logger
  readonly #faults
  readonly #endpoints: readonly Endpoint[]
  #used: Endpoint
  /** A header of this chain had the usual form: from then on one without it is made up. */
  #knowsHeaders = false
  /** Forms of this chain's own. */
  readonly #believed = new Set<string>()

  constructor(options: BlockReaderOptions, { clock, logger, metrics }: BlockReaderDependencies) {
    this.#options = options
    this.#logger = logger
    this.#endpoints = options.endpoints.map(
      ({ name, client }) => new EndpointRecord(name, client, clock),
    )
    this.#used = this.#endpoints[0] as Endpoint
    this.#faults = metrics.counter(
      'quantumstream_stream_endpoint_faults_total',
      'What endpoints did wrong',
      ['chain', 'endpoint', 'fault'],
    )
  }

  tagged: BlockReader['tagged'] = async (tag) => {
    const method = 'eth_getBlockByNumber'
    try {
      return await this.#ask(async (client) => {
        const block = await client.request(method, [tag, false])
        return block === null ? undefined : numberOf(fieldsOf(block, method).number, method)
      })
    } catch (error) {
      if (isRefusal(error) && tag !== 'latest') return undefined
      throw error
    }
  }

  hashes: BlockReader['hashes'] = (numbers) =>
    this.#ask(async (client) => {
      const method = 'eth_getBlockByNumber'
      const blocks = await askAll(
        client,
        numbers.map((number) => [method, [quantity(number), false]]),
      )
      return blocks.map((block) =>
        block === null ? undefined : hashOf(fieldsOf(block, method).hash, method),
      )
    })

  blocks: BlockReader['blocks'] = async (numbers, wanted) => {
    const { checks } = this.#options
    let odd: readonly ReadBlock[] | undefined
    const shown: string[] = []
    const question = async (client: JsonRpcClient) => {
      const blocks = await readBlocks(client, numbers, wanted)
      const unknown = checks === 'none' ? [] : this.#unproven(blocks, wanted)
      if (unknown.length === 0) return blocks
      shown.push(...unknown)
      odd = blocks
      throw unknownForm(unknown.join(' and '), numbers)
    }
    try {
      return await this.#ask(question)
    } catch (error) {
      const isOdd = error instanceof AppError && error.code === 'stream/unknown-form'
      if (!isOdd || odd === undefined || checks === 'all') throw error
      this.#believe(shown, numbers)
      return odd
    }
  }

  /** What of some blocks cannot be checked. @throws AppError `stream/dishonest` */
  #unproven(
    blocks: readonly ReadBlock[],
    { receipts }: { readonly receipts: boolean },
  ): readonly string[] {
    const unknown = new Set<string>()
    for (const block of blocks) {
      const found = checkBlock(receipts ? block : { ...block, receipts: undefined })
      if (found === 'header' && this.#knowsHeaders) {
        throw dishonest(`the hash of block ${block.number} is not that of its header`)
      }
      if (found !== 'header') this.#knowsHeaders = true
      if (found !== undefined) unknown.add(`${found} of a form of their own`)
    }
    return [...unknown]
  }

  /** Believes forms that a second endpoint, where there is one, has shown as well. @throws AppError `stream/inconsistent` */
  #believe(shown: readonly string[], [first = 0]: readonly number[]): void {
    const forms = [...new Set(shown)].filter((form) => !this.#believed.has(form))
    const what = forms.join(' and ')
    if (forms.length === 0) return
    const least = Math.min(2, this.#endpoints.length)
    if (forms.some((form) => shown.filter((one) => one === form).length < least)) {
      throw inconsistent(
        `blocks from ${first} on have ${what}, and no other endpoint shows them now`,
      )
    }
    for (const form of forms) this.#believed.add(form)
    const { chain } = this.#options
    this.#logger.warn(`blocks of this chain have ${what}, which are not checked`, { chain })
  }

  /** Asks the endpoint that is used; where it fails or lies, the next best ones. */
  async #ask<Result>(question: (client: JsonRpcClient) => Promise<Result>): Promise<Result> {
    const tried = new Set<Endpoint>()
    let odd: AppError | undefined
    for (;;) {
      const endpoint = this.#used
      tried.add(endpoint)
      try {
        return await question(endpoint.source)
      } catch (error) {
        const fault = endpoint.failed(error)
        const isOdd = error instanceof AppError && error.code === 'stream/unknown-form'
        if (isOdd) odd = error
        if (fault === undefined && !isOdd) throw error
        if (fault !== undefined) this.#tellOfFault(endpoint, fault, error as AppError)
        const [next] = this.#endpoints
          .filter((one) => !tried.has(one))
          .sort((a, b) => Number(a.isResting) - Number(b.isResting) || a.penalty - b.penalty)
        // Where all were asked, one that may be honest is the first of the next time.
        if (next === undefined) {
          const [best] = [...this.#endpoints].sort((a, b) => a.penalty - b.penalty)
          this.#used = best ?? endpoint
          throw odd ?? error
        }
        this.#used = next
      }
    }
  }

  #tellOfFault({ name: endpoint }: Endpoint, fault: string, { message: reason }: AppError): void {
    const { chain } = this.#options
    this.#faults.add(1, { chain, endpoint, fault })
    this.#logger.warn('an endpoint gave no block', { chain, endpoint, reason })
  }
}

async function readBlocks(
  client: JsonRpcClient,
  numbers: readonly number[],
  wanted: { readonly receipts: boolean },
): Promise<readonly ReadBlock[]> {
  const method = 'eth_getBlockByNumber'
  const answers = await askAll(
    client,
    numbers.map((number) => [method, [quantity(number), true]]),
  )
  const blocks = numbers.map((number, at) => {
    const { header, hash, parentHash } = blockOf(answers[at] ?? null, method, number)
    const transactions = listOf(header.transactions, method).map((one) => fieldsOf(one, method))
    return { number, hash, parentHash, fields: header, transactions, receipts: [] }
  })
  if (!wanted.receipts) return blocks
  const full = blocks.filter(({ transactions }) => transactions.length > 0)
  const receipts = new Map<number, readonly Fields[]>()
  const of = 'eth_getBlockReceipts'
  const lists = await askAll(
    client,
    full.map(({ number }) => [of, [quantity(number)]]),
  )
  for (const [at, { number, hash, transactions }] of full.entries()) {
    const list = listOf(lists[at], of).map((one) => fieldsOf(one, of))
    if (list.length !== transactions.length || list.some((one) => one.blockHash !== hash)) {
      throw inconsistent(`the receipts are not those of block ${number}`)
    }
    receipts.set(number, list)
  }
  return blocks.map((block) => ({ ...block, receipts: receipts.get(block.number) ?? [] }))
}

async function askAll(
  client: JsonRpcClient,
  calls: readonly JsonRpcCall[],
): Promise<readonly Json[]> {
  if (calls.length === 0) return []
  if (client.requestAll) return client.requestAll(calls)
  return Promise.all(calls.map(([method, params]) => client.request(method, params)))
}

function listOf(value: Json | undefined, method: string): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[]
  throw badAnswer(method, 'no list')
}

function unknownForm(what: string, [first = 0]: readonly number[]): AppError {
  const message = `blocks from ${first} on have ${what}, which cannot be checked: the setting eventChecks "all" refuses them`
  return new AppError({ code: 'stream/unknown-form', message, retry: 'later' })
}

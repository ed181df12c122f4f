/** Reads the events of an Ethereum chain from one endpoint. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcCall, JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import { contentOf, type EventDecoder, type LogFilter } from './event-decoder.ts'
import { dishonest } from './evm/block-checks.ts'
import {
  badAnswer,
  blockOf,
  bloomOf,
  type ChainLog,
  type EvmBlock,
  type Fields,
  fieldsOf,
  logsOf,
  numberOf,
  quantity,
} from './evm/evm-answers.ts'
import {
  type Difference,
  differenceOf,
  givenByBlock,
  mustNameTheSame,
  ofEvents,
} from './evm/given-in-block.ts'
import { HeaderForm } from './evm/header-form.ts'
import { proveDiscoveries } from './evm/prove-discoveries.ts'
import { ProvenReceipts } from './evm/proven-receipts.ts'
import { isRefusal, isUnknownBlock, rangeError } from './evm/refusals.ts'
import {
  type BlockSpan,
  type Discovery,
  type FoundDiscoveries,
  type FoundEvents,
  inconsistent,
  type Source,
  type SourceBlock,
  type SourceEvent,
} from './source.ts'

/**
 * How the answers of an endpoint are held against the headers of the blocks: not at all; where a block's bloom filter
 * says that it may hold a wanted log and none was given; or every block by its receipts.
 */
export type EventChecks = 'none' | 'bloom' | 'all'

/** Which chain, and how it is read. */
export interface EvmSourceOptions {
  /** Name of the chain in this process. */
  readonly chain: string
  /** Default `bloom`. */
  readonly checks?: EventChecks
}

/** What a source needs of the world. */
export interface EvmSourceDependencies {
  readonly client: EndpointClient
  /** Other endpoints of the chain, which say whether this one lies in its first header. */
  readonly others?: readonly JsonRpcClient[]
  /** The same for all endpoints of a chain: it knows the addresses that were discovered. */
  readonly decoder: EventDecoder
  readonly logger: Logger
  readonly metrics: Metrics
  /** Told what a check found out about the endpoint. */
  readonly blame?: (fault: 'lie', reason: string) => void
}

/** A client to an endpoint, some of which tell of new heads. */
export interface EndpointClient extends JsonRpcClient {
  /** @returns ends it */
  subscribe?(look: () => void): () => void
  close?(): void
}

/** Requests that are under way at the same time. */
const maxParallel = 16
/** Requests of one batch. */
const maxBatch = 50
/** Logs of one range; with more, fewer blocks are asked for. */
const maxRangeLogs = 10_000

/** A source of the events of one Ethereum endpoint. */
export function createEvmSource(
  options: EvmSourceOptions,
  dependencies: EvmSourceDependencies,
): Source {
  return new EvmSource(options, dependencies)
}

class EvmSource implements Source {
  readonly type = 'evm.log'
  readonly #chain: string
  readonly #checks: EventChecks
  readonly #with: EvmSourceDependencies
  readonly #malformed
  readonly #failed
  readonly #hidden
  #toldFailure = false
  readonly #form: HeaderForm
  readonly #receipts = new ProvenReceipts({
    ask: (...call) => this.#ask(...call),
    askAll: (calls) => this.#askAll(calls),
  })

  constructor(options: EvmSourceOptions, dependencies: EvmSourceDependencies) {
    this.#chain = options.chain
    this.#checks = options.checks ?? 'bloom'
    this.#with = dependencies
    const { logger, others = [] } = dependencies
    const isStrict = this.#checks === 'all'
    this.#form = new HeaderForm({ chain: this.#chain, logger, isStrict, others })
    const counter = (name: string, help: string) =>
      dependencies.metrics.counter(`quantumstream_stream_${name}_total`, help, ['chain'])
    this.#malformed = counter('malformed_logs', 'Logs that do not fit their event')
    this.#failed = counter('failed_filters', 'Events on which the expression of a filter failed')
    this.#hidden = counter('hidden_logs', 'Logs that an endpoint did not give, and receipts proved')
  }

  get wantsHeaders(): boolean {
    return this.#checks !== 'none'
  }

  get discoveries() {
    return this.#with.decoder.discoveries
  }

  async chainId(): Promise<number> {
    return numberOf(await this.#ask('eth_chainId'), 'eth_chainId')
  }

  async head() {
    const [number, safe, finalized] = await Promise.all([
      this.#ask('eth_blockNumber'),
      this.#tagged('safe'),
      this.#tagged('finalized'),
    ])
    return { number: numberOf(number, 'eth_blockNumber'), safe, finalized }
  }

  async blocksAt(numbers: readonly number[]): Promise<readonly EvmBlock[]> {
    const method = 'eth_getBlockByNumber'
    const answers = await this.#askAll(numbers.map((number) => [method, [quantity(number), false]]))
    return numbers.map((number, at) => {
      const answer = answers[at] ?? null
      if (answer === null) throw inconsistent(`block ${number} is missing`)
      return blockOf(answer, method, number)
    })
  }

  async blockByHash(hash: Hex): Promise<EvmBlock | undefined> {
    const method = 'eth_getBlockByHash'
    const answer = await this.#ask(method, [hash, false])
    return answer === null ? undefined : blockOf(answer, method)
  }

  async eventsIn({ from, to }: BlockSpan): Promise<FoundEvents> {
    const blocks = { fromBlock: quantity(from), toBlock: quantity(to) }
    const isStray = ({ blockNumber }: ChainLog) => blockNumber < from || blockNumber > to
    const discovered = await this.#discovered(blocks, isStray)
    // Known at once, so that events of the same block are found.
    this.#with.decoder.learn(discovered)
    const logs = await this.#wanted(blocks, isStray)
    return { events: this.#events(logs), discovered }
  }

  async eventsOf(blocks: readonly SourceBlock[]): Promise<FoundEvents> {
    const discovered: Discovery[] = []
    const logs = await inParallel(blocks, async ({ number, hash }) => {
      const isStray = ({ blockHash }: ChainLog) => blockHash !== hash
      try {
        const found = await this.#discovered({ blockHash: hash }, isStray)
        this.#with.decoder.learn(found)
        discovered.push(...found)
        return await this.#wanted({ blockHash: hash }, isStray)
      } catch (error) {
        if (!isUnknownBlock(error)) throw error
        throw inconsistent(`block ${number} was there, and then it was not: ${error.message}`)
      }
    })
    return { events: this.#events(logs.flat()), discovered }
  }

  async discover(span: BlockSpan): Promise<FoundDiscoveries> {
    const { from, to } = span
    const isStray = ({ blockNumber }: ChainLog) => blockNumber < from || blockNumber > to
    const blocks = { fromBlock: quantity(from), toBlock: quantity(to) }
    const given = await this.#discovered(blocks, isStray)
    if (this.#checks === 'none') return { discovered: given, blocks: [] }
    const { decoder } = this.#with
    const { difference, ...found } = await proveDiscoveries(
      {
        ...{ decoder, form: this.#form, isWhole: this.#checks === 'all' },
        blocksAt: (numbers) => this.blocksAt(numbers),
        namedBy: (doubted) =>
          inParallel(doubted, async (block) =>
            (await this.#receipts.logsOf(block)).flatMap((log) => decoder.discover(log)),
          ),
      },
      { span, given },
    )
    this.#tell(difference)
    return found
  }

  async proven(blocks: readonly SourceBlock[], found: FoundEvents): Promise<FoundEvents> {
    if (this.#checks === 'none') return found
    const [first] = blocks as readonly EvmBlock[]
    if (first) await this.#form.learn(first)
    const given = givenByBlock(found)
    const doubted = (blocks as readonly EvmBlock[]).filter((block) =>
      this.#isDoubted(block, given(block.number)),
    )
    if (doubted.length === 0) return found
    const { decoder } = this.#with
    const proofs = await inParallel(doubted, (block) => this.#receipts.logsOf(block))
    for (const [at, { number }] of doubted.entries()) {
      const named = proofs[at]?.flatMap((log) => decoder.discover(log)) ?? []
      mustNameTheSame(number, given(number).discovered, named)
    }
    const events = this.#events(proofs.flat().filter((log) => decoder.wants(log)))
    const told = doubted.flatMap(({ number }) => given(number).events)
    this.#tell(differenceOf(told, events, ofEvents))
    const proven = new Set(doubted.map(({ number }) => number))
    const others = found.events.filter(({ blockNumber }) => !proven.has(blockNumber))
    return { events: [...others, ...events].sort(byPlace), discovered: found.discovered }
  }

  subscribe(look: () => void): () => void {
    return this.#with.client.subscribe?.(look) ?? (() => {})
  }

  #tell({ hidden, lies }: Difference): void {
    if (hidden > 0) this.#hidden.add(hidden, { chain: this.#chain })
    for (const reason of lies) {
      this.#with.logger.warn('an endpoint gives other logs', { chain: this.#chain, reason })
      this.#with.blame?.('lie', reason)
    }
  }

  /** Whether a block's receipts must be looked at. @throws AppError `stream/dishonest` */
  #isDoubted(block: EvmBlock, given: FoundEvents): boolean {
    const isBound = this.#form.mustBind(block)
    if (this.#checks === 'all') return true
    const isEmpty = given.events.length === 0
    if (!isBound && !isEmpty) return false
    const bloom = bloomOf(block)
    const { decoder } = this.#with
    if (isBound && !decoder.allows(bloom, given)) {
      throw dishonest(`it gave a log that the bloom filter of block ${block.number} rules out`)
    }
    return isEmpty && decoder.mayHold(bloom)
  }

  async #discovered(
    blocks: Fields,
    isStray: (log: ChainLog) => boolean,
  ): Promise<readonly Discovery[]> {
    const { decoder } = this.#with
    const isWanted = (log: ChainLog) => decoder.discover(log).length > 0
    const logs = await this.#logs(decoder.discoveryQueries(), blocks, { isWanted, isStray })
    return logs.flatMap((log) => decoder.discover(log))
  }

  #wanted(blocks: Fields, isStray: (log: ChainLog) => boolean): Promise<readonly ChainLog[]> {
    const { decoder } = this.#with
    const isWanted = (log: ChainLog) => decoder.wants(log)
    return this.#logs(decoder.queries(), blocks, { isWanted, isStray })
  }

  /** Logs that some filters let through, each once, in the order of the chain. */
  async #logs(
    filters: readonly LogFilter[],
    blocks: Fields,
    { isWanted, isStray }: Record<'isWanted' | 'isStray', (log: ChainLog) => boolean>,
  ): Promise<readonly ChainLog[]> {
    const method = 'eth_getLogs'
    const found: ChainLog[] = []
    for (const filter of filters) {
      const answer = await this.#ask(method, [{ ...blocks, ...filter } as Json]).catch((error) => {
        throw 'blockHash' in blocks ? error : rangeError(error)
      })
      const logs = logsOf(answer, method)
      if (logs.length > maxRangeLogs && blocks.fromBlock !== blocks.toBlock) {
        const message = `more than ${maxRangeLogs} logs in so many blocks`
        throw new AppError({ code: 'stream/range-too-large', message, retry: 'now' })
      }
      for (const log of logs) {
        if (!isWanted(log)) continue
        if (isStray(log)) throw badAnswer(method, 'a log of a block that was not asked for')
        found.push(log)
      }
    }
    found.sort(byPlace)
    return found.filter((log, at) => at === 0 || byPlace(found[at - 1] as ChainLog, log) !== 0)
  }

  /** What logs say, in their order. */
  #events(logs: readonly ChainLog[]): SourceEvent[] {
    const events: SourceEvent[] = []
    const seen = new Map<string, number>()
    for (const log of logs) {
      const decoded = this.#with.decoder.read(log)
      if (decoded === 'unwanted') continue
      const { address, blockNumber, blockHash, transactionHash, logIndex } = log
      const said = `${transactionHash}:${contentOf(log)}`
      const before = seen.get(said) ?? 0
      seen.set(said, before + 1)
      if (typeof decoded === 'string') {
        if (decoded !== 'refused') this.#leaveOut(log, decoded)
        continue
      }
      // The same said twice in one transaction is two events.
      const key = before === 0 ? said : `${said}-${before}`
      const place = { address, blockNumber, blockHash, transactionHash, logIndex }
      const madeBy = this.#with.decoder.madeBy(log)
      events.push({ key, ...decoded, ...place, ...(madeBy.length === 0 ? {} : { madeBy }) })
    }
    return events
  }

  #leaveOut({ transactionHash, logIndex }: ChainLog, why: 'failed' | 'malformed'): void {
    const chain = this.#chain
    const { logger } = this.#with
    if (why === 'malformed') {
      this.#malformed.add(1, { chain })
      logger.warn('a log does not fit its event', { chain, transactionHash, logIndex })
      return
    }
    this.#failed.add(1, { chain })
    if (this.#toldFailure) return
    this.#toldFailure = true
    const text = 'the expression of a filter failed on an event, which is left out; it is told once'
    logger.warn(text, { chain, transactionHash, logIndex })
  }

  async #tagged(tag: string): Promise<number | undefined> {
    const method = 'eth_getBlockByNumber'
    try {
      const answer = await this.#ask(method, [tag, false])
      return answer === null ? undefined : numberOf(fieldsOf(answer, method).number, method)
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  #ask(method: string, params: readonly Json[] = []): Promise<Json> {
    return this.#with.client.request(method, params)
  }

  /** Many questions, by batches where the client can. */
  async #askAll(calls: readonly JsonRpcCall[]): Promise<readonly Json[]> {
    const { client } = this.#with
    if (client.requestAll === undefined || calls.length < 3) {
      return inParallel(calls, ([method, params]) => client.request(method, params))
    }
    const batches = Array.from({ length: Math.ceil(calls.length / maxBatch) }, (_, at) =>
      calls.slice(at * maxBatch, (at + 1) * maxBatch),
    )
    const ask = client.requestAll.bind(client)
    return (await inParallel(batches, (batch) => ask(batch))).flat()
  }
}

function byPlace(
  a: { readonly blockNumber: number; readonly logIndex: number },
  b: { readonly blockNumber: number; readonly logIndex: number },
): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex
}

/** Results in the order of the items, with a bounded number under way. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += maxParallel) {
    results.push(...(await Promise.all(items.slice(at, at + maxParallel).map(run))))
  }
  return results
}

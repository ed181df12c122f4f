/** Makes one source of several endpoints of a chain: the best one is used, finality needs the agreement of several. */

import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import { mustAgree } from './pool/agreed-blocks.ts'
import { EndpointRecord, type Fault } from './pool/endpoint-record.ts'
import { FinalityQuorum } from './pool/finality-quorum.ts'
import {
  type EndpointStatus,
  type FoundEvents,
  inconsistent,
  type Source,
  type SourceBlock,
  type SourceHead,
} from './source.ts'

/** One endpoint. */
export interface PooledEndpoint {
  /** Host, for people and metrics. */
  readonly name: string
  /** Its source; `blame` is told what its checks found out. */
  readonly open: (blame: (fault: 'lie', reason: string) => void) => Source
}

/** How endpoints are weighed. */
export interface EndpointPoolOptions {
  readonly chain: string
  readonly chainId: number
  /** Endpoints that must agree before a block counts as final; default more than half. */
  readonly quorum?: number
  /** Blocks below a head that are final where an endpoint has no such tag; default 64. */
  readonly finalityDepth?: number
}

/** What a pool needs of the world. */
export interface EndpointPoolDependencies {
  readonly endpoints: readonly PooledEndpoint[]
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A source over several endpoints. */
export interface EndpointPool extends Source {
  endpoints(): readonly EndpointStatus[]
  /** The place of the endpoint that is used, among those given. */
  used(): number
  /** Resolves when nothing is asked in the background any more. */
  idle(): Promise<void>
}

/** How much better another endpoint must be, before it takes the place of the one that is used. */
const margin = 8

/** A pool of one endpoint or more. @throws AppError `stream/bad-setting` for a quorum that cannot be */
export function createEndpointPool(
  options: EndpointPoolOptions,
  dependencies: EndpointPoolDependencies,
): EndpointPool {
  const { length } = dependencies.endpoints
  const { quorum = Math.floor(length / 2) + 1 } = options
  if (!Number.isSafeInteger(quorum) || quorum < 1 || quorum > length) {
    const message = `the quorum of "${options.chain}" is ${quorum}, of ${length} endpoints`
    throw new AppError({ code: 'stream/bad-setting', message })
  }
  return new Pool({ ...options, quorum }, dependencies)
}

class Pool implements EndpointPool {
  readonly #options: EndpointPoolOptions & { readonly quorum: number }
  readonly #with: EndpointPoolDependencies
  readonly #records: readonly EndpointRecord[]
  readonly #quorum: FinalityQuorum
  readonly #faults
  readonly #probes = new Map<EndpointRecord, Promise<SourceHead>>()
  /** Who gave what was found, and each block: another one would be blamed for it. */
  readonly #givers = new WeakMap<FoundEvents | SourceBlock, EndpointRecord>()
  #used: EndpointRecord

  constructor(
    options: EndpointPoolOptions & { readonly quorum: number },
    dependencies: EndpointPoolDependencies,
  ) {
    const { endpoints, clock, metrics } = dependencies
    this.#options = options
    this.#with = dependencies
    this.#records = endpoints.map(({ name, open }) => {
      const source = open((fault, reason) => this.#blame(record, fault, reason))
      const record: EndpointRecord = new EndpointRecord(name, source, clock)
      return record
    })
    this.#used = this.#records[0] as EndpointRecord
    this.#quorum = new FinalityQuorum({
      ...{ quorum: options.quorum, finalityDepth: options.finalityDepth ?? 64 },
      blame: (record, reason) => this.#blame(record, 'lie', reason),
    })
    this.#faults = metrics.counter(
      'quantumstream_stream_endpoint_faults_total',
      'What endpoints did wrong',
      ['chain', 'endpoint', 'fault'],
    )
    const measured = (value: 'penalty' | 'lag') => () =>
      this.endpoints().map((one) => ({
        value: one[value],
        labels: { chain: options.chain, endpoint: one.name },
      }))
    const labels = ['chain', 'endpoint']
    const [penalty, lag] = [
      'quantumstream_stream_endpoint_penalty',
      'quantumstream_stream_endpoint_lag_blocks',
    ]
    metrics.observed(penalty, 'How badly an endpoint does', labels, measured('penalty'))
    metrics.observed(lag, 'Blocks that an endpoint is behind the others', labels, measured('lag'))
  }

  get type() {
    return this.#used.source.type
  }

  get wantsHeaders() {
    return this.#used.source.wantsHeaders
  }

  get discoveries() {
    return this.#used.source.discoveries
  }

  endpoints(): readonly EndpointStatus[] {
    return this.#records.map((record) => record.status(record === this.#used))
  }

  quorum() {
    return { needed: this.#options.quorum, of: this.#records.length }
  }

  used(): number {
    return this.#records.indexOf(this.#used)
  }

  async idle(): Promise<void> {
    await Promise.allSettled(this.#probes.values())
    await this.#quorum.idle()
  }

  problem(): string | undefined {
    return this.#records.length > 1 ? this.#quorum.problem : undefined
  }

  /** Leaves out endpoints of another chain, where one is of the right one. */
  async chainId(): Promise<number> {
    const { chainId } = this.#options
    if (this.#records.length === 1) return this.#ask((source) => source.chainId())
    const ids = await Promise.all(
      this.#records.map((record) =>
        record.source.chainId().catch((error) => this.#noted(record, error)),
      ),
    )
    if (ids.includes(chainId)) {
      for (const [at, id] of ids.entries()) {
        if (id !== undefined && id !== chainId) {
          this.#records[at]?.isOfOther(`its chain id is ${id}, not ${chainId}`)
        }
      }
      this.#choose()
      return chainId
    }
    return ids.find((id) => id !== undefined) ?? this.#ask((source) => source.chainId())
  }

  /** The head of the best endpoint; the others are asked too, and nobody waits for them. */
  async head(): Promise<SourceHead> {
    if (this.#records.length === 1) return this.#ask((source) => source.head())
    this.#choose()
    for (const record of this.#records) this.#probe(record)
    const head = await this.#bestHead()
    this.#weigh()
    this.#quorum.look(this.#used, this.#records)
    return { ...head, finalized: this.#quorum.agreed }
  }

  blocksAt: Source['blocksAt'] = async (numbers) => {
    const used = this.#used
    const blocks = await this.#ask((source) => source.blocksAt(numbers), used)
    for (const block of blocks) this.#givers.set(block, used)
    return blocks
  }

  blockByHash: Source['blockByHash'] = (hash) => this.#ask((source) => source.blockByHash(hash))

  eventsIn: Source['eventsIn'] = (span) => this.#found((source) => source.eventsIn(span))

  eventsOf: Source['eventsOf'] = (blocks) => this.#found((source) => source.eventsOf(blocks))

  proven: Source['proven'] = async (blocks, found) => {
    const giver = this.#givers.get(found) ?? this.#used
    const isMixed = blocks.some((block) => (this.#givers.get(block) ?? giver) !== giver)
    if (isMixed && giver.source.wantsHeaders) {
      throw inconsistent('another endpoint gave the headers than the logs')
    }
    return this.#ask((source) => source.proven(blocks, found), giver)
  }

  /** Most endpoints must have the blocks that prove it. */
  discover: NonNullable<Source['discover']> = async (span) => {
    const used = this.#used
    const found = await this.#ask(async (source) => {
      const told = (await source.discover?.(span)) ?? { discovered: [], blocks: [] }
      const others = this.#records.filter((record) => record !== used)
      await mustAgree({ others, quorum: this.#options.quorum }, told.blocks)
      return told
    }, used)
    if (!used.isLiar) return found
    this.#choose()
    // Who lied in one thing may have hidden another one.
    return this.#used === used ? found : this.discover(span)
  }

  subscribe(look: () => void): () => void {
    const ends = this.#records.map(({ source }) => source.subscribe(look))
    return () => {
      for (const end of ends) end()
    }
  }

  /** Blames the endpoint that is used. @returns whether there is another one that may be honest */
  blame(reason: string): boolean {
    this.#blame(this.#used, 'lie', reason)
    this.#choose()
    return !this.#used.isLiar
  }

  #blame(record: EndpointRecord, fault: Fault, reason: string): void {
    const { chain } = this.#options
    record.blame(fault, reason)
    this.#faults.add(1, { chain, endpoint: record.name, fault })
    this.#with.logger.warn('an endpoint is not trusted', { chain, endpoint: record.name, reason })
  }

  /** Counts an error. */
  #noted(record: EndpointRecord, error: unknown): undefined {
    const fault = record.failed(error)
    if (fault === undefined) return undefined
    this.#faults.add(1, { chain: this.#options.chain, endpoint: record.name, fault })
    return undefined
  }

  async #found(question: (source: Source) => Promise<FoundEvents>): Promise<FoundEvents> {
    const record = this.#used
    const found = await this.#ask(question, record)
    this.#givers.set(found, record)
    return found
  }

  async #ask<Result>(
    question: (source: Source) => Promise<Result>,
    record = this.#used,
  ): Promise<Result> {
    try {
      return await question(record.source)
    } catch (error) {
      this.#noted(record, error)
      throw error
    }
  }

  /** Asks an endpoint for its head, if it is not asked already. */
  #probe(record: EndpointRecord): void {
    if (this.#probes.has(record) || (record.isResting && record !== this.#used)) return
    const begunMs = this.#with.clock.nowMs()
    const probe = record.source.head().finally(() => this.#probes.delete(record))
    this.#probes.set(record, probe)
    probe.then(
      (head) => {
        record.head = head
        record.answered(this.#with.clock.nowMs() - begunMs)
      },
      (error) => this.#noted(record, error),
    )
  }

  /** Of the endpoint that is used; if it does not answer, of the next best. */
  async #bestHead(): Promise<SourceHead> {
    const tried = new Set<EndpointRecord>()
    for (;;) {
      const record = this.#used
      try {
        const head = await (this.#probes.get(record) ?? record.source.head())
        record.head = head
        return head
      } catch (error) {
        tried.add(record)
        this.#choose()
        if (tried.has(this.#used)) throw error
      }
    }
  }

  /** How far each is behind. One that is alone in front may have made its head up. */
  #weigh(): void {
    const heads = this.#records
      .map(({ head }) => head?.number)
      .filter((number) => number !== undefined)
      .sort((a, b) => b - a)
    const front = (heads.length > 2 ? heads[1] : heads[0]) ?? 0
    for (const record of this.#records) {
      record.lag = record.head === undefined ? 0 : Math.max(0, front - record.head.number)
    }
  }

  /** Goes over to another endpoint where that is better by far, or the used one rests. */
  #choose(): void {
    const awake = this.#records.filter((record) => !record.isResting)
    const [best] = [...(awake.length > 0 ? awake : this.#records)].sort(
      (a, b) => a.penalty - b.penalty,
    )
    const used = this.#used
    if (best === undefined || best === used) return
    if (!used.isResting && best.penalty + margin > used.penalty) return
    const { chain } = this.#options
    const reason = used.status(true).fault
    this.#with.logger.info('another endpoint is used', { chain, endpoint: best.name, reason })
    this.#used = best
  }
}

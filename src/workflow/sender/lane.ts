/** Sends the transactions of one key: takes them in, looks at the chain, and tells who waits. */

import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type {
  LaneStatus,
  SenderDependencies,
  SenderOptions,
  SendRequest,
  SentOutcome,
  SentTransaction,
  TransactionSender,
} from '../sent-transaction.ts'
import { assertForChain, type SignedStatement, type Statement } from '../statement.ts'
import { ChainView } from './chain-view.ts'
import { laneMeasures } from './measures.ts'
import { type LaneContext, Outgoing } from './outgoing.ts'
import { SentStore } from './sent-store.ts'
import { traceSent } from './traces.ts'

/** Somebody who waits for a transaction. */
interface Waiter {
  readonly confirmations: number
  resolve(outcome: SentOutcome): void
  reject(error: unknown): void
}

/** Open and mined transactions that are looked at in one round, those with the lowest nonces. */
const [openAtOnce, minedAtOnce] = [128, 200]
/** How many times rarer it looks at what is mined and not final, and at all when nothing is open. */
const restingRounds = 10

/** One key on one chain. */
export class Lane implements TransactionSender {
  readonly address: Hex
  readonly chainId: number
  readonly #with: LaneContext
  readonly #outgoing: Outgoing
  /** Those who wait, by idempotency key. */
  readonly #waiters = new Map<Hex, Set<Waiter>>()
  /** Signing is one at a time: each takes the next nonce. */
  #signing: Promise<unknown> = Promise.resolve()
  /** Requests that wait for their turn, oldest first. */
  #turns: (() => void)[] = []
  #waiting = 0
  #open = 0
  #problem: string | undefined
  #oldestAtMs: number | undefined
  /** Whether it goes on by itself, also where nobody waits. */
  #started = false
  #round: Promise<void> | undefined
  #rounds = 0
  #lastSeenHead = -1
  #cancelPause = () => {}

  constructor(options: SenderOptions, dependencies: SenderDependencies) {
    const { chainId, signer } = options
    this.address = signer.address
    this.chainId = chainId
    const name = `${chainId}:${signer.address}`
    this.#with = {
      ...dependencies,
      name,
      options: {
        ...{ pollMs: 200, stuckAfterMs: 30_000, displacedAfterMs: 15_000 },
        ...{ maxOpen: 64, finalDepth: 64 },
        ...options,
      },
      store: new SentStore(dependencies.sql, name),
      view: new ChainView(dependencies.client, signer.address),
      measures: laneMeasures(dependencies.metrics, name, {
        open: () => this.#open,
        waiting: () => this.#waiting,
        oldestMs: () => Math.max(0, dependencies.clock.nowMs() - (this.#oldestAtMs ?? Infinity)),
        problem: () => this.#problem,
      }),
    }
    this.#outgoing = new Outgoing(this.#with)
  }

  async send(request: SendRequest, signal: AbortSignal): Promise<SentOutcome> {
    const { idempotencyKey: key, confirmations = 0 } = request
    const known = await this.#with.store.find(key)
    if (known?.outcome && confirmations === 0) return known.outcome
    let waiter: Waiter | undefined
    const done = new Promise<SentOutcome>((resolve, reject) => {
      waiter = { confirmations, resolve, reject }
      const all = this.#waiters.get(key) ?? new Set()
      this.#waiters.set(key, all.add(waiter))
    })
    const aborted = () => waiter?.reject(abortError())
    signal.addEventListener('abort', aborted)
    try {
      if (signal.aborted) throw abortError()
      done.catch(() => {})
      if (known === undefined) await this.#begin(request, signal)
      else if (known.state === 'open') await this.#exclusive(() => this.#outgoing.broadcast(known))
      else await this.#tellMined(known)
      this.#look(0)
      return await done
    } finally {
      signal.removeEventListener('abort', aborted)
      const all = this.#waiters.get(key)
      if (waiter) all?.delete(waiter)
      if (all?.size === 0) this.#waiters.delete(key)
    }
  }

  async sign(statement: Statement): Promise<SignedStatement> {
    assertForChain(statement, this.chainId)
    const signature = await this.#with.options.signer.signStatement(statement)
    return { address: this.address, hash: statement.hash, signature }
  }

  async hasSigned(key: Hex): Promise<boolean> {
    return (await this.#with.store.find(key)) !== undefined
  }

  status(): LaneStatus {
    const { chainId, address } = this
    return { chainId, address, open: this.#open, waiting: this.#waiting, problem: this.#problem }
  }

  start(): void {
    this.#started = true
    this.#look(0)
  }

  async stop(): Promise<void> {
    this.#started = false
    this.#cancelPause()
    for (const all of this.#waiters.values()) for (const one of all) one.reject(abortError())
    await this.#round
    await this.#signing
    this.#with.measures.end()
  }

  /** Signs when there is room, stores, and sends. */
  async #begin(request: SendRequest, signal: AbortSignal): Promise<void> {
    this.#waiting += 1
    try {
      const terms = await this.#outgoing.terms(request)
      for (;;) {
        const room = await this.#exclusive(async () => {
          if (signal.aborted) throw abortError()
          // Two callers of one key: the second goes on with what the first has sent.
          if (await this.#with.store.find(request.idempotencyKey)) return true
          if (this.#open >= this.#with.options.maxOpen) return false
          await this.#outgoing.first(request, terms)
          this.#open += 1
          return true
        })
        if (room) return
        this.#look(0)
        await this.#turn(signal)
      }
    } finally {
      this.#waiting -= 1
    }
  }

  /** Resolves when a transaction has left the lane, or the signal fires. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end)
      this.#turns.push(end)
    })
  }

  /** Looks at the chain after a pause; one look at a time. */
  #look(delayMs: number): void {
    if (this.#round !== undefined) return
    this.#cancelPause()
    this.#cancelPause = this.#with.timer.after(delayMs, () => {
      if (this.#round !== undefined) return
      this.#round = this.#looked().finally(() => {
        this.#round = undefined
        const { pollMs } = this.#with.options
        if (this.#waiters.size > 0 || (this.#started && this.#open > 0)) this.#look(pollMs)
        else if (this.#started) this.#look(pollMs * restingRounds)
      })
    })
  }

  async #looked(): Promise<void> {
    try {
      const open = await this.#with.store.inState('open', openAtOnce)
      this.#oldestAtMs = open.length === 0 ? undefined : oldestOf(open)
      const hasGap = open.length > 0 && (await this.#lookAtOpen(open))
      this.#rounds += 1
      const isAwaited = hasGap || this.#waiters.size > open.length
      if (isAwaited || open.length === 0 || this.#rounds % restingRounds === 0) {
        await this.#lookAtMined()
      }
      await this.#tellOthers(open)
      this.#open = await this.#with.store.openCount()
      this.#problem = undefined
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error)
      for (const all of this.#waiters.values()) for (const one of all) one.reject(error)
    }
    const { maxOpen } = this.#with.options
    if (this.#open < maxOpen) for (const go of this.#turns.splice(0, maxOpen)) go()
  }

  /**
   * What the chain has counted is looked up; of the rest, the first is kept alive, and the others behind it.
   *
   * @returns whether a nonce before theirs is missing, as when a block has left the chain
   */
  async #lookAtOpen(open: readonly SentTransaction[]): Promise<boolean> {
    const counted = await this.#with.view.count('latest')
    const isAgreed = this.#with.view.agreement()
    for (const sent of open.filter(({ nonce }) => nonce < counted)) {
      const outcome = await this.#with.view.outcomeOf(sent)
      // What most have no block of is not mined, whoever shows it.
      const isSeen = outcome && (await isAgreed(outcome)) !== false
      if (isSeen) await this.#mined(sent, outcome)
      else await this.#tried(sent, () => this.#outgoing.displaced(sent))
    }
    const rest = open.filter(({ nonce }) => nonce >= counted)
    const [first] = rest
    const hasGap = first !== undefined && first.nonce > counted
    if (!hasGap) this.#outgoing.noGap()
    if (first === undefined) return false
    const isKnown = await this.#with.view.knows(first)
    if (!isKnown) {
      for (const sent of rest) await this.#tried(sent, () => this.#outgoing.broadcast(sent))
    }
    if (hasGap) await this.#tried(first, () => this.#outgoing.fillGap(first))
    else if (isKnown) await this.#tried(first, () => this.#outgoing.hurry(first))
    return hasGap
  }

  /** What a node does not take now is told to those who wait for it; it stays open. */
  async #tried(sent: SentTransaction, work: () => Promise<unknown>): Promise<void> {
    try {
      await this.#exclusive(work)
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'json-rpc/unreachable') throw error
      for (const one of this.#waiters.get(sent.idempotencyKey) ?? []) one.reject(error)
    }
  }

  async #mined(sent: SentTransaction, outcome: SentOutcome): Promise<void> {
    const mined: SentTransaction = { ...sent, state: 'mined', outcome, problem: undefined }
    if (!(await this.#with.store.save(mined))) return
    this.#outgoing.forget(sent)
    this.#with.measures.mined()
    if (!outcome.succeeded) this.#with.measures.reverted()
    this.#trace(sent, 'mined', outcome)
    await this.#tellMined({ ...mined, revision: sent.revision + 1 })
  }

  async #tellMined({ idempotencyKey, outcome }: SentTransaction): Promise<void> {
    const all = this.#waiters.get(idempotencyKey)
    if (all === undefined || outcome === undefined) return
    const needed = Math.max(...[...all].map(({ confirmations }) => confirmations))
    const head = needed === 0 ? outcome.blockNumber : await this.#with.view.head()
    for (const one of all) {
      if (head - outcome.blockNumber >= one.confirmations) one.resolve(outcome)
    }
  }

  /** What another process saw mined, and perhaps final by now, is told to those who wait for it here. */
  async #tellOthers(open: readonly SentTransaction[]): Promise<void> {
    const awaited = new Set(this.#waiters.keys())
    for (const { idempotencyKey } of open) awaited.delete(idempotencyKey)
    if (awaited.size === 0) return
    for (const sent of await this.#with.store.final([...awaited])) await this.#tellMined(sent)
  }

  /** Watches what is in blocks: it becomes final, or open again when its block has left the chain. */
  async #lookAtMined(): Promise<void> {
    const mined = await this.#with.store.inState('mined', minedAtOnce)
    if (mined.length === 0) return
    const head = await this.#with.view.head()
    const isNews = head !== this.#lastSeenHead
    this.#lastSeenHead = head
    if (!isNews) return
    const final = await this.#with.view.finalized(head, this.#with.options.finalDepth)
    const isAgreed = this.#with.view.agreement()
    for (const sent of mined) await this.#lookAtOneMined(sent, { final, isAgreed })
  }

  async #lookAtOneMined(
    sent: SentTransaction,
    { final, isAgreed }: { final: number; isAgreed: ReturnType<ChainView['agreement']> },
  ): Promise<void> {
    const { store, view, logger, measures, name: lane } = this.#with
    const outcome = await view.outcomeOf(sent)
    const isOld = outcome !== undefined && outcome.blockNumber <= final
    const isOfMost = isOld ? await isAgreed(outcome) : undefined
    if (outcome === undefined || isOfMost === false) {
      logger.warn('a transaction left the chain with its block and is sent again', {
        ...{ lane, nonce: sent.nonce, hash: sent.outcome?.hash },
      })
      measures.reorganised()
      await store.save({ ...sent, state: 'open', outcome: undefined })
      return
    }
    if (outcome.succeeded !== sent.outcome?.succeeded) {
      const { hash, succeeded } = outcome
      logger.error('a transaction ended otherwise in another block', { lane, hash, succeeded })
    }
    const state = isOfMost ? 'final' : 'mined'
    const isSame = outcome.blockHash === sent.outcome?.blockHash
    if (state === 'final' || !isSame) await store.save({ ...sent, state, outcome })
    if (state === 'final') this.#trace(sent, state, outcome)
    await this.#tellMined({ ...sent, outcome })
  }

  #trace(sent: SentTransaction, state: 'mined' | 'final', outcome: SentOutcome): void {
    traceSent(this.#with.tracer, sent, { state, outcome, atMs: this.#with.clock.nowMs() })
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#signing.then(work)
    this.#signing = done.catch(() => {})
    return done
  }
}

function oldestOf(open: readonly SentTransaction[]): number {
  return Math.min(...open.map(({ createdAtMs }) => createdAtMs))
}

function abortError(): AppError {
  const message = 'stopped while a transaction was under way; it goes on at the next start'
  return new AppError({ code: 'workflow/send-aborted', message, retry: 'later' })
}

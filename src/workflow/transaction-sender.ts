/** Signs and sends transactions of one key on one chain, in nonce order, each once for its idempotency key. */

import { keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { AppError } from '../base/app-error.ts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { SqlStore } from '../store/sql.ts'
import { refusalOf } from './refusals.ts'
import {
  findSent,
  forgetSent,
  highestOpenNonce,
  type SentOutcome,
  type SentTransaction,
  type SignedVersion,
  saveSent,
} from './sender-store.ts'

/** Which key on which chain, and how it pays. */
export interface SenderOptions {
  readonly chainId: number
  /** 32 bytes. */
  readonly privateKey: Uint8Array
  /** Highest fee offered, in wei per gas. */
  readonly maxFeePerGas: bigint
  /** Pause between two looks for a receipt; default 200. */
  readonly pollMs?: number
  /** Without a receipt after this time, more is offered; default 30,000. */
  readonly stuckAfterMs?: number
  /**
   * How long a nonce must be used up without a receipt of ours before it counts as somebody else's; default 15,000.
   * Behind one address may be several machines, of which one counts what another does not know by hash yet.
   */
  readonly displacedAfterMs?: number
}

/** What a sender needs of the world. */
export interface SenderDependencies {
  readonly client: JsonRpcClient
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/** What is to be sent. */
export interface SendRequest {
  readonly idempotencyKey: Hex
  readonly to: Hex
  readonly data: Hex
  /** Wei. */
  readonly value: bigint
}

/** Sends transactions. */
export interface TransactionSender {
  readonly address: Hex
  /**
   * Sends, or goes on with what was sent before under the same key, and resolves when it is mined. The signed
   * transaction is on disk before it is broadcast, so that after a crash the same one goes out again.
   *
   * @throws AppError `workflow/no-funds` and `json-rpc/unreachable` (retry `later`), `json-rpc/error` when the node
   * refuses it, `workflow/fee-too-high` and `workflow/not-taken` (retry `later`), `workflow/send-aborted`
   */
  send(request: SendRequest, signal: AbortSignal): Promise<SentOutcome>
}

/** Gas over the estimate, in percent; a replacement pays 12.5 % more, rounded up. */
const gasMarginPercent = 25n
const raised = (fee: string) => (BigInt(fee) * 1_125n + 999n) / 1_000n
const larger = (a: bigint, b: bigint) => (a > b ? a : b)
const quantity = (value: bigint): Hex => `0x${value.toString(16)}`

/** A sender for one key on one chain. */
export function createTransactionSender(
  options: SenderOptions,
  dependencies: SenderDependencies,
): TransactionSender {
  return new Lane(options, dependencies)
}

class Lane implements TransactionSender {
  readonly address: Hex
  readonly #name: string
  readonly #account
  readonly #options: Required<SenderOptions>
  readonly #with: SenderDependencies
  /** Signing is one at a time: each takes the next nonce. */
  #signing: Promise<unknown> = Promise.resolve()
  /** Since when the nonce of a key is used up and no receipt is known, in milliseconds. */
  readonly #usedUpSince = new Map<Hex, number>()

  constructor(options: SenderOptions, dependencies: SenderDependencies) {
    this.#options = { pollMs: 200, stuckAfterMs: 30_000, displacedAfterMs: 15_000, ...options }
    this.#with = dependencies
    this.#account = privateKeyToAccount(toHex(options.privateKey))
    this.address = this.#account.address.toLowerCase() as Hex
    this.#name = `${options.chainId}:${this.address}`
  }

  async send(request: SendRequest, signal: AbortSignal): Promise<SentOutcome> {
    try {
      return await this.#follow(await this.#exclusive(() => this.#begin(request)), request, signal)
    } finally {
      this.#usedUpSince.delete(request.idempotencyKey)
    }
  }

  /** Looks for the receipt until it is there. */
  async #follow(
    begun: SentTransaction,
    request: SendRequest,
    signal: AbortSignal,
  ): Promise<SentOutcome> {
    let sent = begun
    for (;;) {
      if (sent.outcome) return sent.outcome
      if (signal.aborted) {
        const message = 'stopped while a transaction was under way; it goes on at the next start'
        throw new AppError({ code: 'workflow/send-aborted', message, retry: 'later' })
      }
      const outcome = await this.#receiptOf(sent)
      if (outcome) {
        await saveSent(this.#with.sql, { ...sent, outcome }, this.#with.clock.nowMs())
        return outcome
      }
      const before = sent
      sent = await this.#exclusive(() => this.#keepAlive(before, request))
      await this.#pause(signal)
    }
  }

  /** What was sent before under this key goes out again; else it is signed, stored, and then sent. */
  async #begin(request: SendRequest): Promise<SentTransaction> {
    const known = await findSent(this.#with.sql, this.#name, request.idempotencyKey)
    if (known) {
      if (known.outcome === undefined) await this.#broadcast(known, request)
      return (await findSent(this.#with.sql, this.#name, request.idempotencyKey)) ?? known
    }
    const gas = await this.#gasFor(request)
    const fees = await this.#fees()
    const nonce = await this.#nextNonce()
    const version = await this.#sign(request, { nonce, gas, ...fees })
    const sent: SentTransaction = {
      ...{ lane: this.#name, idempotencyKey: request.idempotencyKey, nonce, gas: String(gas) },
      ...{ versions: [version], outcome: undefined },
    }
    await saveSent(this.#with.sql, sent, this.#with.clock.nowMs())
    return this.#broadcast(sent, request, { isFirst: true })
  }

  async #broadcast(
    sent: SentTransaction,
    request: SendRequest,
    { isFirst } = { isFirst: false },
  ): Promise<SentTransaction> {
    const version = sent.versions.at(-1) as SignedVersion
    try {
      await this.#with.client.request('eth_sendRawTransaction', [version.raw])
      return sent
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'json-rpc/error') throw error
      return this.#refused(error, { sent, request, isFirst })
    }
  }

  /** What was out before may be in a pool or a block that this node does not know: its nonce stays. */
  async #refused(
    error: AppError,
    { sent, request, isFirst }: { sent: SentTransaction; request: SendRequest; isFirst: boolean },
  ): Promise<SentTransaction> {
    const refusal = refusalOf(error.message)
    if (refusal === 'known') return sent
    if (refusal === 'nonce-used' || refusal === 'nonce-taken') {
      return isFirst ? this.#signAgain(sent, request) : sent
    }
    if (refusal === 'fee-too-low') return this.#offerMore(sent, request)
    if (isFirst) await forgetSent(this.#with.sql, this.#name, sent.idempotencyKey)
    if (refusal === 'no-funds') {
      const message = `the sender ${this.address} has not enough funds: ${error.message}`
      throw new AppError({ code: 'workflow/no-funds', message, cause: error, retry: 'later' })
    }
    if (isFirst && refusal === 'other') throw error
    const message = `the node does not take the transaction now: ${error.message}`
    throw new AppError({ code: 'workflow/not-taken', message, cause: error, retry: 'later' })
  }

  /** The nonce was used by another transaction of this key: this one needs a new one. */
  async #signAgain(sent: SentTransaction, request: SendRequest): Promise<SentTransaction> {
    this.#with.logger.warn('a nonce was used elsewhere; signing anew', { nonce: sent.nonce })
    const nonce = await this.#nextNonce(sent.nonce)
    const version = await this.#sign(request, {
      nonce,
      gas: BigInt(sent.gas),
      ...(await this.#fees()),
    })
    const renewed = { ...sent, nonce, versions: [...sent.versions, version] }
    await saveSent(this.#with.sql, renewed, this.#with.clock.nowMs())
    return this.#broadcast(renewed, request)
  }

  /** Sends again what the node has lost, offers more for what is stuck, and signs anew if the nonce is gone. */
  async #keepAlive(sent: SentTransaction, request: SendRequest): Promise<SentTransaction> {
    const version = sent.versions.at(-1) as SignedVersion
    const mined = BigInt(await this.#count('latest'))
    if (mined > BigInt(sent.nonce)) return this.#displaced(sent, request)
    this.#usedUpSince.delete(sent.idempotencyKey)
    if (!(await this.#isKnown(version.hash))) return this.#broadcast(sent, request)
    const ageMs = this.#with.clock.nowMs() - version.signedAtMs
    if (ageMs < this.#options.stuckAfterMs) return sent
    // One that may not pay more stays out as it is: fees can fall again.
    return this.#offerMore(sent, request).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'workflow/fee-too-high') return sent
      throw error
    })
  }

  /** The same nonce for a higher fee, at least what is asked now. @throws AppError `workflow/fee-too-high` */
  async #offerMore(sent: SentTransaction, request: SendRequest): Promise<SentTransaction> {
    const version = sent.versions.at(-1) as SignedVersion
    const asked = await this.#fees()
    const maxFeePerGas = larger(raised(version.maxFeePerGas), asked.maxFeePerGas)
    const ceiling = this.#options.maxFeePerGas
    if (maxFeePerGas > ceiling) {
      const message = `the node asks for more than ${version.maxFeePerGas} wei per gas, and the ceiling is ${ceiling} (setting maxFee)`
      throw new AppError({ code: 'workflow/fee-too-high', message, retry: 'later' })
    }
    const tip = larger(raised(version.maxPriorityFeePerGas), asked.maxPriorityFeePerGas)
    const maxPriorityFeePerGas = tip < maxFeePerGas ? tip : maxFeePerGas
    const { nonce, gas } = sent
    const terms = { nonce, gas: BigInt(gas), maxFeePerGas, maxPriorityFeePerGas }
    const dearer = { ...sent, versions: [...sent.versions, await this.#sign(request, terms)] }
    await saveSent(this.#with.sql, dearer, this.#with.clock.nowMs())
    this.#with.logger.warn('a transaction is stuck; offering more', { nonce, hash: version.hash })
    return this.#broadcast(dearer, request)
  }

  /** The nonce is used up: by this one, whose receipt may come late, or by another transaction of the key. */
  async #displaced(sent: SentTransaction, request: SendRequest): Promise<SentTransaction> {
    const nowMs = this.#with.clock.nowMs()
    const sinceMs = this.#usedUpSince.get(sent.idempotencyKey) ?? nowMs
    this.#usedUpSince.set(sent.idempotencyKey, sinceMs)
    if (nowMs - sinceMs < this.#options.displacedAfterMs) return sent
    if (await this.#receiptOf(sent)) return sent
    this.#usedUpSince.delete(sent.idempotencyKey)
    return this.#signAgain(sent, request)
  }

  async #sign(
    { to, data, value }: SendRequest,
    terms: { nonce: number; gas: bigint; maxFeePerGas: bigint; maxPriorityFeePerGas: bigint },
  ): Promise<SignedVersion> {
    const { chainId } = this.#options
    const raw = await this.#account.signTransaction({
      type: 'eip1559',
      chainId,
      to,
      data,
      value,
      ...terms,
    })
    return {
      ...{ raw, hash: keccak256(raw), signedAtMs: this.#with.clock.nowMs() },
      maxFeePerGas: String(terms.maxFeePerGas),
      maxPriorityFeePerGas: String(terms.maxPriorityFeePerGas),
    }
  }

  async #gasFor({ to, data, value }: SendRequest): Promise<bigint> {
    const call = { from: this.address, to, data, value: quantity(value) }
    const estimate = BigInt((await this.#with.client.request('eth_estimateGas', [call])) as Hex)
    return estimate + (estimate * gasMarginPercent) / 100n
  }

  async #fees(): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
    const { client } = this.#with
    const block = (await client.request('eth_getBlockByNumber', ['latest', false])) as {
      readonly baseFeePerGas?: Hex
    }
    const tip = await client.request('eth_maxPriorityFeePerGas').catch(() => '0x3b9aca00')
    const base = BigInt(block.baseFeePerGas ?? 0)
    const ceiling = this.#options.maxFeePerGas
    if (base > ceiling) {
      const message = `the base fee of ${base} wei is over the ceiling of ${ceiling} (setting maxFee)`
      throw new AppError({ code: 'workflow/fee-too-high', message, retry: 'later' })
    }
    const wanted = base * 2n + BigInt(tip as Hex)
    const maxFeePerGas = wanted < ceiling ? wanted : ceiling
    const maxPriorityFeePerGas =
      BigInt(tip as Hex) < maxFeePerGas ? BigInt(tip as Hex) : maxFeePerGas
    return { maxFeePerGas, maxPriorityFeePerGas }
  }

  async #nextNonce(above = -1): Promise<number> {
    const pending = Number(await this.#count('pending'))
    const open = (await highestOpenNonce(this.#with.sql, this.#name)) ?? -1
    // A nonce that turned out to be used does not count as open.
    return open === above ? Math.max(pending, above + 1) : Math.max(pending, open + 1)
  }

  async #count(tag: 'latest' | 'pending'): Promise<Hex> {
    return (await this.#with.client.request('eth_getTransactionCount', [this.address, tag])) as Hex
  }

  async #isKnown(hash: Hex): Promise<boolean> {
    return (await this.#with.client.request('eth_getTransactionByHash', [hash])) !== null
  }

  async #receiptOf({ versions }: SentTransaction): Promise<SentOutcome | undefined> {
    for (const { hash } of versions.toReversed()) {
      const receipt = (await this.#with.client.request('eth_getTransactionReceipt', [hash])) as {
        readonly blockNumber: Hex
        readonly status: Hex
        readonly gasUsed: Hex
      } | null
      if (receipt === null) continue
      const { blockNumber, status, gasUsed } = receipt
      return {
        ...{ hash, blockNumber: Number(blockNumber), succeeded: status === '0x1' },
        gasUsed: String(BigInt(gasUsed)),
      }
    }
    return undefined
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#signing.then(work)
    this.#signing = done.catch(() => {})
    return done
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#with.timer.after(this.#options.pollMs, end)
      function end() {
        cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end)
    })
  }
}

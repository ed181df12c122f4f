/** Signs a transaction, brings it out, and deals with what nodes answer. */

import { keccak256, stringToHex } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import { rpcCall } from '../evm/reverts.ts'
import { refusalOf } from '../refusals.ts'
import type {
  SenderDependencies,
  SenderOptions,
  SendRequest,
  SentTransaction,
  SignedVersion,
} from '../sent-transaction.ts'
import type { ChainView, UsedNonce } from './chain-view.ts'
import { type Fees, feesOf, raisedFees } from './fees.ts'
import type { LaneMeasures } from './measures.ts'
import type { SentStore } from './sent-store.ts'

/** What the parts of a lane work with. */
export interface LaneContext extends SenderDependencies {
  readonly name: string
  readonly options: Required<SenderOptions>
  readonly store: SentStore
  readonly view: ChainView
  readonly measures: LaneMeasures
}

/** What is known of who used a nonce. */
interface UsedUp {
  /** When it was looked for last, in milliseconds. */
  readonly lookedAtMs: number
  /** Where it was found: nodes show blocks for longer than they know how many transactions an account had at the time. */
  readonly blockNumber: number | undefined
}

/** What a transaction is signed with, but for its nonce. */
interface Terms extends Fees {
  readonly gas: bigint
}

/** Gas over the estimate, in percent; it stays below what a transaction may have at most (EIP-7825). */
const gasMarginPercent = 25n
const mostGas = 2n ** 24n
/** Of a transaction to itself whose need is not told. */
const fillingGas = 100_000n
const quantity = (value: bigint): Hex => `0x${value.toString(16)}`

/** Brings the transactions of a lane out; its callers see to it that one is dealt with at a time. */
export class Outgoing {
  readonly #with: LaneContext
  /** By key, of a nonce that is used up without a receipt of ours. */
  readonly #usedUp = new Map<Hex, UsedUp>()
  /** Since when a nonce before those that are out is missing, in milliseconds. */
  #gapSinceMs: number | undefined

  constructor(context: LaneContext) {
    this.#with = context
  }

  /**
   * What a request needs and offers; it is simulated, by the estimate or with the gas that it names.
   *
   * @throws AppError `json-rpc/error` with revert data, `workflow/no-funds`
   */
  async terms(request: SendRequest): Promise<Terms> {
    try {
      return { gas: await this.#simulated(request), ...(await this.#fees()) }
    } catch (error) {
      throw isLackOfFunds(error) ? this.#noFunds(error) : error
    }
  }

  /** Signs a request with the next nonce, stores it, and sends it; another process may be quicker with nonce or key. */
  async first(request: SendRequest, terms: Terms): Promise<void> {
    for (;;) {
      const sent = await this.#signed(request, { ...terms, nonce: await this.#nextNonce() })
      if (await this.#with.store.add(sent)) return this.broadcast(sent, { isFirst: true })
      if (await this.#with.store.find(request.idempotencyKey)) return
    }
  }

  /**
   * Nonces before that of the first open one are missing: somebody else's transactions left with their block, or another
   * process took one back. Where they stay missing, each is used up by a transaction of the key to itself, of no value:
   * else all behind them would wait for ever.
   */
  async fillGap(first: SentTransaction): Promise<void> {
    const { clock, options, store, logger, name: lane } = this.#with
    this.#gapSinceMs ??= clock.nowMs()
    if (clock.nowMs() - this.#gapSinceMs < options.displacedAfterMs) return
    this.#gapSinceMs = undefined
    const itself = { to: options.signer.address, data: '0x', value: 0n } as const
    let nonce = await this.#nextNonce()
    // A node that is far behind calls many missing that are not.
    for (let room = options.maxOpen; nonce < first.nonce && room > 0; room -= 1) {
      const request = { ...itself, idempotencyKey: fillingKey(lane, nonce) }
      // Also one that is reverted uses its nonce.
      const gas = await this.#simulated(request).catch(() => fillingGas)
      const sent = await this.#signed(request, { gas, ...(await this.#fees()), nonce })
      if (await store.add(sent)) {
        logger.warn('a missing nonce is filled', { lane, nonce, hash: sent.versions[0]?.hash })
        await this.broadcast(sent, { isFirst: true })
      }
      nonce = await this.#nextNonce(nonce + 1)
    }
  }

  /** No nonce is missing. */
  noGap(): void {
    this.#gapSinceMs = undefined
  }

  /** Sends the last version, once more or for the first time. */
  async broadcast(sent: SentTransaction, { isFirst } = { isFirst: false }): Promise<void> {
    const version = sent.versions.at(-1) as SignedVersion
    try {
      await this.#with.client.request('eth_sendRawTransaction', [version.raw])
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'json-rpc/error') throw error
      await this.#refused(error, sent, isFirst)
    }
  }

  /** Offers more for one that has been out for too long. */
  async hurry(sent: SentTransaction): Promise<void> {
    this.#usedUp.delete(sent.idempotencyKey)
    const { clock, options } = this.#with
    const ageMs = clock.nowMs() - (sent.versions.at(-1)?.signedAtMs ?? 0)
    if (ageMs < options.stuckAfterMs) return
    try {
      await this.#offerMore(sent)
    } catch (error) {
      // One that may not pay more stays out as it is: fees can fall again.
      if (!(error instanceof AppError) || error.code !== 'workflow/fee-too-high') throw error
      const problem = `it is not mined, and ${error.message}`
      if (sent.problem !== problem) await this.#with.store.save({ ...sent, problem })
    }
  }

  /**
   * The nonce is used up: by this one, whose receipt may come late or be hidden, or by another transaction of the key. Only
   * where that other one is shown, in a block that is final, does this one get another nonce: it cannot be mined any more.
   */
  async displaced(sent: SentTransaction): Promise<void> {
    const { clock, options, view, store } = this.#with
    const nowMs = clock.nowMs()
    const before = this.#usedUp.get(sent.idempotencyKey)
    if (before && nowMs - before.lookedAtMs < options.displacedAfterMs) return
    const user = await view.usedBy(sent.nonce, before?.blockNumber)
    const blockNumber = user?.blockNumber ?? before?.blockNumber
    this.#usedUp.set(sent.idempotencyKey, { lookedAtMs: nowMs, blockNumber })
    if (before === undefined || (await view.outcomeOf(sent))) return
    if (sent.idempotencyKey === fillingKey(sent.lane, sent.nonce)) {
      this.forget(sent)
      return store.forget(sent.idempotencyKey)
    }
    const isOther = user !== undefined && !sent.versions.some(({ hash }) => hash === user.hash)
    const isFinal = isOther && user.blockNumber <= (await this.#finalized())
    if (isFinal && (await view.agreement()(user))) {
      this.#usedUp.delete(sent.idempotencyKey)
      return this.#signAgain(sent)
    }
    const problem = `its nonce ${sent.nonce} is used up, ${reasonToWait(user, isOther)}`
    if (sent.problem === problem) return
    this.#with.logger.warn('a transaction waits', { lane: this.#with.name, problem })
    await store.save({ ...sent, problem })
  }

  async #finalized(): Promise<number> {
    const { view, options } = this.#with
    return view.finalized(await view.head(), options.finalDepth)
  }

  /** It has ended. */
  forget({ idempotencyKey }: SentTransaction): void {
    this.#usedUp.delete(idempotencyKey)
  }

  /**
   * What was out before may be in a pool or a block that this node does not know: its nonce stays. Where other processes
   * share the lane, one of them may have brought it out before this one did.
   */
  async #refused(error: AppError, sent: SentTransaction, isFirst: boolean): Promise<void> {
    const refusal = refusalOf(error.message)
    if (refusal === 'known') return
    this.#with.measures.refused()
    const isAlone = this.#with.sql.dialect === 'sqlite'
    // Its word alone gives no other nonce: whoever says so may have passed it on.
    if (refusal === 'nonce-used' || refusal === 'nonce-taken') return
    if (refusal === 'fee-too-low') return this.#offerMore(sent)
    if (isFirst && (isAlone || refusal !== 'busy'))
      await this.#with.store.forget(sent.idempotencyKey)
    if (refusal === 'no-funds') throw this.#noFunds(error)
    if (isFirst && refusal === 'other') throw error
    const message = `the node does not take the transaction now: ${error.message}`
    throw new AppError({ code: 'workflow/not-taken', message, cause: error, retry: 'later' })
  }

  /** The nonce was used by another transaction of this key: this one needs a new one. */
  async #signAgain(sent: SentTransaction): Promise<void> {
    const { name: lane, logger } = this.#with
    logger.warn('a nonce was used elsewhere; signing anew', { lane, nonce: sent.nonce })
    const nonce = await this.#nextNonce(sent.nonce + 1)
    const terms = { nonce, gas: BigInt(sent.gas), ...(await this.#fees()) }
    await this.#renewed({ ...sent, nonce }, await this.#sign(sent.request, terms))
  }

  /** The same nonce for a higher fee, at least what is asked now. @throws AppError `workflow/fee-too-high` */
  async #offerMore(sent: SentTransaction): Promise<void> {
    const { maxFeePerGas, maxPriorityFeePerGas, hash } = sent.versions.at(-1) as SignedVersion
    const tip = maxPriorityFeePerGas === undefined ? undefined : BigInt(maxPriorityFeePerGas)
    const before = { maxFeePerGas: BigInt(maxFeePerGas), maxPriorityFeePerGas: tip }
    const fees = raisedFees(before, await this.#fees(), this.#with.options.maxFeePerGas)
    const { nonce } = sent
    const version = await this.#sign(sent.request, { nonce, gas: BigInt(sent.gas), ...fees })
    this.#with.logger.warn('a transaction is stuck; offering more', { nonce, hash })
    this.#with.measures.raised()
    await this.#renewed(sent, version)
  }

  /** On disk before it goes out; whoever else has changed it meanwhile goes on with it. */
  async #renewed(sent: SentTransaction, version: SignedVersion): Promise<void> {
    const renewed = { ...sent, versions: [...sent.versions, version], problem: undefined }
    if (!(await this.#with.store.save(renewed))) return
    await this.broadcast({ ...renewed, revision: sent.revision + 1 })
  }

  async #signed(
    { to, data, value, idempotencyKey, traceparent }: SendRequest,
    terms: Terms & { readonly nonce: number },
  ): Promise<SentTransaction> {
    const traced = traceparent === undefined ? {} : { traceparent }
    const request = { to: to ?? null, data, value: String(value), ...traced }
    const { clock, name: lane } = this.#with
    return {
      ...{ lane, idempotencyKey, state: 'open', nonce: terms.nonce, request },
      ...{ gas: String(terms.gas), versions: [await this.#sign(request, terms)] },
      ...{ revision: 0, outcome: undefined, problem: undefined, createdAtMs: clock.nowMs() },
    }
  }

  async #sign(
    { to, data, value }: SentTransaction['request'],
    terms: Terms & { readonly nonce: number },
  ): Promise<SignedVersion> {
    const { chainId, signer } = this.#with.options
    const what = { chainId, to: to ?? undefined, data, value: BigInt(value) }
    const raw = await signer.sign({ ...what, ...terms })
    this.#with.measures.signed()
    const { maxFeePerGas, maxPriorityFeePerGas: tip } = terms
    return {
      ...{ raw, hash: keccak256(raw), signedAtMs: this.#with.clock.nowMs() },
      maxFeePerGas: String(maxFeePerGas),
      ...(tip === undefined ? {} : { maxPriorityFeePerGas: String(tip) }),
    }
  }

  #noFunds(cause: AppError): AppError {
    const { address } = this.#with.options.signer
    const message = `the sender ${address} has not enough funds: ${cause.message}`
    return new AppError({ code: 'workflow/no-funds', message, cause, retry: 'later' })
  }

  /** Gas of a request that nothing reverts as the chain is now. */
  async #simulated({ to, data, value, gas }: SendRequest): Promise<bigint> {
    const { client, options } = this.#with
    const call = rpcCall({ from: options.signer.address, to, data, value })
    if (gas !== undefined) {
      await client.request('eth_call', [{ ...call, gas: quantity(gas) }, 'latest'])
      return gas
    }
    const estimate = BigInt((await client.request('eth_estimateGas', [call])) as Hex)
    const ample = estimate + (estimate * gasMarginPercent) / 100n
    return estimate > mostGas || ample < mostGas ? ample : mostGas
  }

  #fees(): Promise<Fees> {
    return feesOf(this.#with.client, this.#with.options.maxFeePerGas)
  }

  async #nextNonce(from = 0): Promise<number> {
    const pending = await this.#with.view.count('pending')
    return this.#with.store.freeNonce(Math.max(pending, from))
  }
}

/** Idempotency key of what fills a nonce. */
function fillingKey(lane: string, nonce: number): Hex {
  return keccak256(stringToHex(`nonce ${nonce} of ${lane}`))
}

/** Whether the account cannot pay for what it sends; a contract may revert by the same words. */
function isLackOfFunds(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error.code !== 'json-rpc/error') return false
  return refusalOf(error.message) === 'no-funds' && !/revert/i.test(error.message)
}

function reasonToWait(user: UsedNonce | undefined, isOther: boolean): string {
  if (user === undefined) {
    return 'and the node shows neither its receipt nor who used it: signed anew it could be paid twice, so it is waited for'
  }
  const where = `in block ${user.blockNumber}`
  if (!isOther) return `by itself ${where}, whose receipt the node does not show`
  return `by ${user.hash} ${where}: it is signed anew once that block is final`
}

/** Keeps transactions by sender and nonce, and decides which are taken, replaced and dropped. */

import { AppError, type Retry } from '../../base/app-error.ts'
import type { Rules } from '../ledger/fork-rules.ts'
import { floorGas, intrinsicGas } from '../ledger/intrinsic-gas.ts'
import type { Address, Transaction } from '../ledger/transaction.ts'
import {
  decodeTransaction,
  encodeTransaction,
  senderOf,
  transactionHash,
} from '../ledger/transaction-codec.ts'
import type { PooledTransaction, PoolHead, TxPool } from './txpool.ts'

/** Rules and bounds of a pool. */
export interface TxPoolOptions {
  readonly rules: Rules
  readonly chainId: bigint
  /** Least tip, in wei per gas; default 0. */
  readonly minTip?: bigint
  /** Transactions in all; default 50,000. */
  readonly maxTransactions?: number
  /** Bytes of all encodings; default 128 MiB. */
  readonly maxBytes?: number
  /** Transactions of one sender; default 10,000. */
  readonly maxPerSender?: number
  /** How far a nonce may lie ahead of the account's; default 10,000. */
  readonly maxNonceGap?: bigint
}

/** Longest encoding of a transaction, in bytes, as geth has it. */
const maxTransactionBytes = 128 * 1024
/** A replacement pays this many percent more. */
const replacementPercent = 10n

/** An empty pool over a head. */
export function createTxPool(options: TxPoolOptions, head: PoolHead): TxPool {
  return new Pool(options, head)
}

/** The price caps of a transaction, in wei per gas. */
function capsOf(transaction: Transaction): { fee: bigint; tip: bigint } {
  return transaction.type === 0 || transaction.type === 1
    ? { fee: transaction.gasPrice, tip: transaction.gasPrice }
    : { fee: transaction.maxFeePerGas, tip: transaction.maxPriorityFeePerGas }
}

/** What a block maker gets for a unit of gas; below zero if it cannot be included. */
function tipAt(transaction: Transaction, baseFeePerGas: bigint): bigint {
  const { fee, tip } = capsOf(transaction)
  const left = fee - baseFeePerGas
  return left < tip ? left : tip
}

class Pool implements TxPool {
  readonly #options: Required<TxPoolOptions>
  #head: PoolHead
  readonly #byHash = new Map<string, PooledTransaction>()
  /** By sender in hex, then by nonce. */
  readonly #bySender = new Map<string, Map<bigint, PooledTransaction>>()
  /** The most that a sender's transactions may cost, in wei, by sender in hex. */
  readonly #costs = new Map<string, bigint>()
  #bytes = 0

  constructor(options: TxPoolOptions, head: PoolHead) {
    this.#options = {
      minTip: 0n,
      maxTransactions: 50_000,
      maxBytes: 128 * 1024 * 1024,
      maxPerSender: 10_000,
      maxNonceGap: 10_000n,
      ...options,
    }
    this.#head = head
  }

  add(raw: Uint8Array): PooledTransaction {
    if (raw.length > maxTransactionBytes) {
      throw refusal(
        'oversized',
        `oversized data: transaction size ${raw.length}, limit ${maxTransactionBytes}`,
      )
    }
    const transaction = decode(raw)
    const hash = transactionHash(transaction)
    if (this.#byHash.has(hash.toHex())) throw refusal('already-known', 'already known')
    this.#checkFields(transaction)
    const sender = senderOf(transaction)
    if (sender === undefined) throw refusal('invalid-sender', 'invalid sender')
    this.#checkAccount(transaction, sender)
    const entry = { transaction, hash, sender, raw }
    this.#place(entry)
    return entry
  }

  get(hash: Uint8Array): PooledTransaction | undefined {
    return this.#byHash.get(hash.toHex())
  }

  *best(baseFeePerGas: bigint): Iterable<PooledTransaction> {
    const heads: { entry: PooledTransaction; rest: readonly PooledTransaction[]; at: number }[] = []
    for (const sender of this.#bySender.keys()) {
      const rest = this.#executable(sender)
      const [entry] = rest
      if (entry && tipAt(entry.transaction, baseFeePerGas) >= 0n) heads.push({ entry, rest, at: 0 })
    }
    const worse = (a: (typeof heads)[number], b: (typeof heads)[number]) => {
      const difference =
        tipAt(a.entry.transaction, baseFeePerGas) - tipAt(b.entry.transaction, baseFeePerGas)
      return difference < 0n ? -1 : difference > 0n ? 1 : 0
    }
    heads.sort(worse)
    while (heads.length > 0) {
      const next = heads.pop()
      if (next === undefined) return
      yield next.entry
      const entry = next.rest[next.at + 1]
      if (entry === undefined || tipAt(entry.transaction, baseFeePerGas) < 0n) continue
      insertSorted(heads, { entry, rest: next.rest, at: next.at + 1 }, worse)
    }
  }

  hasWork(baseFeePerGas: bigint): boolean {
    for (const [sender, entries] of this.#bySender) {
      const next = entries.get(this.#nonceOf(Uint8Array.fromHex(sender)))
      if (next && tipAt(next.transaction, baseFeePerGas) >= 0n) return true
    }
    return false
  }

  nextNonce(sender: Address): bigint {
    const executable = this.#executable(sender.toHex())
    return this.#nonceOf(sender) + BigInt(executable.length)
  }

  moveTo(head: PoolHead, removed: readonly Transaction[]): void {
    this.#head = head
    for (const transaction of removed) {
      try {
        this.add(encodeTransaction(transaction))
      } catch (error) {
        if (!(error instanceof AppError)) throw error
      }
    }
    for (const [, entries] of this.#bySender) {
      for (const entry of entries.values()) {
        const { transaction, sender } = entry
        const used = transaction.nonce < this.#nonceOf(sender)
        if (used || this.#cost(transaction) > this.#balanceOf(sender)) this.#remove(entry)
      }
    }
  }

  drop(hash: Uint8Array): void {
    const entry = this.get(hash)
    if (entry) this.#remove(entry)
  }

  list() {
    const pending: PooledTransaction[] = []
    const queued: PooledTransaction[] = []
    for (const [sender, entries] of this.#bySender) {
      const executable = this.#executable(sender)
      pending.push(...executable)
      const known = new Set(executable)
      queued.push(...[...entries.values()].filter((entry) => !known.has(entry)))
    }
    return { pending, queued }
  }

  #checkFields(transaction: Transaction): void {
    const { rules, chainId, minTip } = this.#options
    const { gasLimit, data, to, type } = transaction
    if (type === 3) {
      throw refusal('type-unsupported', 'transaction type not supported: this chain takes no blobs')
    }
    if (type === 4 && !rules.numbers.delegations) {
      const message =
        'transaction type not supported: type 4 rejected, the chain is not yet in Prague'
      throw refusal('type-unsupported', message)
    }
    if (transaction.chainId !== undefined && transaction.chainId !== chainId) {
      throw refusal(
        'chain-id',
        `invalid chain id for signer: have ${transaction.chainId} want ${chainId}`,
      )
    }
    const { txGasCap: cap, initCodeLimit } = rules.numbers
    if (cap > 0 && gasLimit > cap) {
      throw refusal('gas-limit', `transaction gas limit too high (cap: ${cap}, tx: ${gasLimit})`)
    }
    if (gasLimit > this.#head.gasLimit) throw refusal('gas-limit', 'exceeds block gas limit')
    if (to === undefined && initCodeLimit > 0 && data.length > initCodeLimit) {
      throw refusal(
        'oversized',
        `max initcode size exceeded: code size ${data.length}, limit ${initCodeLimit}`,
      )
    }
    const { fee, tip } = capsOf(transaction)
    if (tip > fee) {
      throw refusal(
        'underpriced',
        `max priority fee per gas higher than max fee per gas (${tip} > ${fee})`,
      )
    }
    if (tip < minTip)
      throw refusal('underpriced', `transaction underpriced: tip ${tip}, least ${minTip}`)
    const intrinsic = intrinsicGas(transaction, rules)
    if (gasLimit < intrinsic) {
      throw refusal(
        'intrinsic-gas',
        `intrinsic gas too low: gas ${gasLimit}, minimum needed ${intrinsic}`,
      )
    }
    const floor = floorGas(data, rules)
    if (gasLimit < floor) {
      const message = `insufficient gas for floor data gas cost: gas ${gasLimit}, minimum needed ${floor}`
      throw refusal('intrinsic-gas', message)
    }
  }

  #checkAccount(transaction: Transaction, sender: Address): void {
    const next = this.#nonceOf(sender)
    const { nonce } = transaction
    if (nonce < next) {
      throw refusal('nonce-too-low', `nonce too low: next nonce ${next}, tx nonce ${nonce}`)
    }
    if (nonce - next > this.#options.maxNonceGap) {
      throw refusal('nonce-too-high', `nonce too high: next nonce ${next}, tx nonce ${nonce}`)
    }
    const balance = this.#balanceOf(sender)
    const cost = this.#cost(transaction)
    const short = `insufficient funds for gas * price + value: balance ${balance}`
    if (balance < cost) {
      const message = `${short}, tx cost ${cost}, overshot ${cost - balance}`
      throw refusal('insufficient-funds', message)
    }
    const name = sender.toHex()
    const old = this.#bySender.get(name)?.get(nonce)
    const queued = (this.#costs.get(name) ?? 0n) - (old ? this.#cost(old.transaction) : 0n)
    if (balance < queued + cost) {
      const message = `${short}, queued cost ${queued}, tx cost ${cost}, overshot ${queued + cost - balance}`
      throw refusal('insufficient-funds', message)
    }
  }

  #place(entry: PooledTransaction): void {
    const { transaction, sender } = entry
    const name = sender.toHex()
    const entries = this.#bySender.get(name) ?? new Map<bigint, PooledTransaction>()
    const old = entries.get(transaction.nonce)
    if (old) {
      const raised = (was: bigint) => (was * (100n + replacementPercent) + 99n) / 100n
      const [before, after] = [capsOf(old.transaction), capsOf(transaction)]
      if (after.fee < raised(before.fee) || after.tip < raised(before.tip)) {
        throw refusal('replacement-underpriced', 'replacement transaction underpriced')
      }
    } else if (entries.size >= this.#options.maxPerSender) {
      throw refusal('full', 'too many transactions of this sender wait; send it later', 'later')
    }
    while (this.#isFull(entry, old)) {
      if (old) throw full()
      this.#makeRoom(transaction)
    }
    if (old) this.#remove(old)
    this.#keep(entry)
  }

  #isFull({ raw }: PooledTransaction, replaced: PooledTransaction | undefined): boolean {
    const { maxBytes, maxTransactions } = this.#options
    if (!replaced && this.#byHash.size >= maxTransactions) return true
    return this.#bytes + raw.length - (replaced?.raw.length ?? 0) > maxBytes
  }

  #keep(entry: PooledTransaction): void {
    const { transaction, sender, hash, raw } = entry
    const name = sender.toHex()
    const entries = this.#bySender.get(name) ?? new Map<bigint, PooledTransaction>()
    this.#bySender.set(name, entries.set(transaction.nonce, entry))
    this.#byHash.set(hash.toHex(), entry)
    this.#costs.set(name, (this.#costs.get(name) ?? 0n) + this.#cost(transaction))
    this.#bytes += raw.length
  }

  /** Drops the worst paying last transaction of a sender, if the new one pays more. */
  #makeRoom(transaction: Transaction): void {
    let worst: PooledTransaction | undefined
    for (const entries of this.#bySender.values()) {
      const last = [...entries.values()].reduce((a, b) =>
        b.transaction.nonce > a.transaction.nonce ? b : a,
      )
      if (!worst || capsOf(last.transaction).tip < capsOf(worst.transaction).tip) worst = last
    }
    if (!worst || capsOf(worst.transaction).tip >= capsOf(transaction).tip) {
      throw full()
    }
    this.#remove(worst)
  }

  #remove({ transaction, sender, hash, raw }: PooledTransaction): void {
    const name = sender.toHex()
    const entries = this.#bySender.get(name)
    entries?.delete(transaction.nonce)
    this.#byHash.delete(hash.toHex())
    this.#bytes -= raw.length
    this.#costs.set(name, (this.#costs.get(name) ?? 0n) - this.#cost(transaction))
    if (entries?.size !== 0) return
    this.#bySender.delete(name)
    this.#costs.delete(name)
  }

  /** The unbroken run of a sender's transactions from the account's nonce on. */
  #executable(sender: string): readonly PooledTransaction[] {
    const entries = this.#bySender.get(sender)
    if (entries === undefined) return []
    const run: PooledTransaction[] = []
    let nonce = this.#nonceOf(Uint8Array.fromHex(sender))
    for (let entry = entries.get(nonce); entry; entry = entries.get(nonce)) {
      run.push(entry)
      nonce += 1n
    }
    return run
  }

  #nonceOf(sender: Address): bigint {
    return this.#head.state.account(sender)?.nonce ?? 0n
  }

  #balanceOf(sender: Address): bigint {
    return this.#head.state.account(sender)?.balance ?? 0n
  }

  #cost(transaction: Transaction): bigint {
    return transaction.gasLimit * capsOf(transaction).fee + transaction.value
  }
}

/** Inserts into an ascending list, before its equals, so that senders who pay the same take turns. */
function insertSorted<T>(list: T[], item: T, compare: (a: T, b: T) => number): void {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(list[middle] as T, item) < 0) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, item)
}

function decode(raw: Uint8Array): Transaction {
  try {
    return decodeTransaction(raw)
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    if (cause.code === 'ledger/type-unsupported') {
      throw refusal('type-unsupported', `transaction type not supported: ${cause.message}`)
    }
    throw refusal('bad-encoding', cause.message)
  }
}

function full(): AppError {
  return refusal('full', 'txpool is full; send it later, or with a higher fee', 'later')
}

function refusal(what: string, message: string, retry: Retry = 'never'): AppError {
  return new AppError({ code: `txpool/${what}`, message, retry })
}

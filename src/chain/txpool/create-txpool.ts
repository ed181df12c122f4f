/** Keeps transactions by sender and nonce, and decides which are taken, replaced and dropped. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { BlobSidecar, NetworkTransaction } from '../ledger/blob-sidecar.ts'
import { isAtLeast } from '../ledger/fork-rules.ts'
import type { Address, Transaction } from '../ledger/transaction.ts'
import {
  authorityOf,
  encodeTransaction,
  senderOf,
  transactionHash,
} from '../ledger/transaction-codec.ts'
import { emptyAccount, emptyCodeHash } from '../state/trie-state.ts'
import { checkBlobSender, checkSidecar } from './pool/blob-rules.ts'
import { Delegations } from './pool/delegations.ts'
import { capsOf, checkFields, costOf, readTransaction } from './pool/field-rules.ts'
import { Heap } from './pool/heap.ts'
import { PriceOrder } from './pool/price-order.ts'
import { checkReplacement, givesWay, isWorse } from './pool/ranking.ts'
import { full, nameOf, refusal } from './pool/refusal.ts'
import { SenderQueue, type Waiting } from './pool/sender-queue.ts'
import type {
  DroppedTransaction,
  IncomingTransaction,
  PooledTransaction,
  PoolHead,
  PoolMove,
  Signers,
  TxPool,
} from './txpool.ts'

/** Bounds of a pool that an operator may set. */
export interface TxPoolLimits {
  /** Transactions in all; default 50,000. */
  readonly maxTransactions?: number
  /** Bytes of all encodings; default 128 MiB. */
  readonly maxBytes?: number
  /** Transactions of one sender; default 2,048. */
  readonly maxPerSender?: number
}

/** Rules and bounds of a pool. */
export interface TxPoolOptions extends TxPoolLimits {
  readonly chainId: bigint
  /** Least tip, in wei per gas; default 0. */
  readonly minTip?: bigint
  /** Blobs that wait, in all; default 512. */
  readonly maxBlobs?: number
  /** How far a nonce may lie ahead of the account's; default 10,000. */
  readonly maxNonceGap?: bigint
  /** Hears of each transaction that leaves the pool otherwise than in a block. */
  readonly dropped?: (dropped: DroppedTransaction) => void
}

/** Mined transactions whose blobs are kept. */
const minedSidecars = 16

/** An empty pool over a head. */
export function createTxPool(options: TxPoolOptions, head: PoolHead): TxPool {
  return new Pool(options, head)
}

class Pool implements TxPool {
  readonly #options: Required<TxPoolOptions>
  #head: PoolHead
  /** Counts heads, so that a sender's account is read once for each. */
  #heads = 0
  #arrivals = 0
  readonly #byHash = new Map<string, Waiting>()
  readonly #bySender = new Map<string, SenderQueue>()
  readonly #order = new PriceOrder()
  /** Senders by what would be evicted first: the last transaction of each. */
  readonly #worst = new Heap<SenderQueue>(isWorse)
  readonly #delegations = new Delegations()
  /** Blobs of transactions that are in blocks, by transaction hash. */
  readonly #mined = new Map<string, BlobSidecar>()
  #bytes = 0
  #blobs = 0
  #pending = 0

  constructor(options: TxPoolOptions, head: PoolHead) {
    this.#options = {
      minTip: 0n,
      maxTransactions: 50_000,
      maxBytes: 128 * 1024 * 1024,
      maxPerSender: 2_048,
      maxBlobs: 512,
      maxNonceGap: 10_000n,
      dropped: () => {},
      ...options,
    }
    this.#head = head
  }

  read(raw: Uint8Array): IncomingTransaction {
    const sent = readTransaction(raw)
    return this.#check(sent, sent.sidecar ? encodeTransaction(sent.transaction) : raw)
  }

  admit(incoming: IncomingTransaction, signers: Signers): readonly PooledTransaction[] {
    this.#mustBeNew(incoming.id)
    const { sender, authorities } = signers
    if (sender === undefined) throw refusal('invalid-sender', 'invalid sender')
    const name = sender.toHex()
    const queue = this.#bySender.get(name) ?? new SenderQueue(sender, name)
    this.#refresh(queue)
    const { transaction } = incoming
    const old = queue.at(transaction.nonce)
    const entry: Waiting = {
      // One address for all of a sender's transactions takes less memory than one for each.
      ...{ ...incoming, sender: queue.sender, authorities: signed(authorities) },
      ...{ ...capsOf(transaction), cost: costOf(transaction), arrival: this.#arrivals++ },
    }
    this.#checkAccount(entry, queue, old)
    this.#delegations.check(entry, queue, (one) => this.#bySender.get(one.toHex()))
    if (old) checkReplacement(entry, old)
    checkBlobSender(entry, queue, old === undefined)
    this.#makeRoom(entry, queue, old)
    const ready = queue.readyCount
    if (old) {
      this.#take(old)
      this.#tell(old, 'replaced', `${nameOf(entry)} pays more`)
    }
    this.#keep(entry, queue)
    return old ? [entry] : queue.readyFrom(ready)
  }

  add(raw: Uint8Array): PooledTransaction {
    const incoming = this.read(raw)
    const { transaction } = incoming
    this.admit(incoming, { sender: senderOf(transaction), authorities: authoritiesOf(transaction) })
    return this.#byHash.get(incoming.id) as Waiting
  }

  get(hash: Uint8Array): PooledTransaction | undefined {
    return this.#byHash.get(hash.toHex())
  }

  best(baseFeePerGas: bigint) {
    return this.#order.best(baseFeePerGas)
  }

  hasWork(baseFeePerGas = this.#head.baseFeePerGas): boolean {
    const fee = this.#order.highestFee()
    return fee !== undefined && fee >= baseFeePerGas
  }

  nextNonce(sender: Address): bigint {
    const queue = this.#bySender.get(sender.toHex())
    if (queue === undefined) return this.#head.state.account(sender)?.nonce ?? 0n
    this.#refresh(queue)
    return queue.nonce + BigInt(queue.readyCount)
  }

  moveTo(head: PoolHead, { spenders, returned = [] }: PoolMove = {}): void {
    const shrinks = head.gasLimit < this.#head.gasLimit
    this.#head = head
    this.#heads += 1
    const names = spenders?.map((one) => one.toHex()) ?? this.#bySender.keys().toArray()
    for (const name of new Set(names)) {
      const queue = this.#bySender.get(name)
      if (queue) this.#refresh(queue)
    }
    if (shrinks) this.#dropTooLarge()
    for (const { transaction, sender } of returned) {
      const sidecar = this.#mined.get(transactionHash(transaction).toHex())
      try {
        const incoming = this.#check({ transaction, sidecar }, encodeTransaction(transaction))
        this.admit(incoming, { sender, authorities: authoritiesOf(transaction) })
      } catch (error) {
        if (!(error instanceof AppError)) throw error
      }
    }
  }

  drop(hash: Uint8Array): void {
    const entry = this.#byHash.get(hash.toHex())
    if (!entry) return
    this.#take(entry)
    this.#tell(entry, 'not-executable', 'a block could not hold it')
  }

  content(sender?: Address) {
    const own = sender && this.#bySender.get(sender.toHex())
    const queues = sender ? (own ? [own] : []) : [...this.#bySender.values()]
    return {
      pending: queues.flatMap((queue) => queue.ready()),
      queued: queues.flatMap((queue) => queue.queued()),
    }
  }

  payable(most: number): number {
    let count = 0
    for (const _ of this.#order.best(this.#head.baseFeePerGas)) {
      count += 1
      if (count >= most) break
    }
    return count
  }

  counts() {
    return { pending: this.#pending, queued: this.#byHash.size - this.#pending }
  }

  #check(sent: NetworkTransaction, raw: Uint8Array): IncomingTransaction {
    const { transaction } = sent
    const hash = keccak256(raw)
    const id = hash.toHex()
    this.#mustBeNew(id)
    const { chainId, minTip } = this.#options
    const { rules, gasLimit } = this.#head
    checkFields(transaction, { rules, chainId, minTip, gasLimit })
    checkSidecar(sent, isAtLeast(rules.hardfork, 'osaka'))
    return { ...sent, hash, id, raw }
  }

  #mustBeNew(id: string): void {
    if (this.#byHash.has(id)) throw refusal('already-known', 'already known')
  }

  #checkAccount(entry: Waiting, queue: SenderQueue, old: Waiting | undefined): void {
    const { nonce } = entry.transaction
    const { nonce: next, balance } = queue
    // Words are made only for what is refused.
    const nonces = () => `next nonce ${next}, tx nonce ${nonce}`
    if (nonce < next) throw refusal('nonce-too-low', `nonce too low: ${nonces()}`)
    if (nonce - next > this.#options.maxNonceGap) {
      throw refusal('nonce-too-high', `nonce too high: ${nonces()}`)
    }
    const { cost } = entry
    const short = () => `insufficient funds for gas * price + value: balance ${balance}`
    if (balance < cost) {
      const message = `${short()}, tx cost ${cost}, overshot ${cost - balance}`
      throw refusal('insufficient-funds', message)
    }
    const queued = queue.cost - (old?.cost ?? 0n)
    if (balance < queued + cost) {
      const message = `${short()}, queued cost ${queued}, tx cost ${cost}, overshot ${queued + cost - balance}`
      throw refusal('insufficient-funds', message)
    }
  }

  /** Evicts the worst paying for one that pays more, or refuses it and leaves all as it was. */
  #makeRoom(entry: Waiting, queue: SenderQueue, old: Waiting | undefined): void {
    if (this.#blobs - (old ? blobsOf(old) : 0) + blobsOf(entry) > this.#options.maxBlobs) {
      throw refusal('full', `txpool is full of blobs: ${this.#blobs} wait; send it later`, 'later')
    }
    const evicted: Waiting[] = []
    const evict = (victim: Waiting) => {
      this.#take(victim)
      evicted.push(victim)
    }
    const { last } = queue
    if (!old && last && queue.size >= this.#options.maxPerSender) {
      // A missing nonce pushes out the farthest: without it none of the later ones could ever run.
      if (last.transaction.nonce < entry.transaction.nonce) throw senderFull(queue)
      evict(last)
    }
    while (this.#lacksRoom(entry, old)) {
      const worst = this.#worst.first
      if (worst?.last && worst !== queue && givesWay(worst, entry, queue)) evict(worst.last)
      else {
        for (const one of evicted) this.#keep(one)
        throw full(worst?.last)
      }
    }
    for (const one of evicted)
      this.#tell(one, 'evicted', `the pool is full, and ${nameOf(entry)} goes before it`)
  }

  #lacksRoom({ raw }: Waiting, old: Waiting | undefined): boolean {
    const { maxBytes, maxTransactions } = this.#options
    if (!old && this.#byHash.size >= maxTransactions) return true
    return this.#bytes + raw.length - (old?.raw.length ?? 0) > maxBytes
  }

  #keep(entry: Waiting, queue = this.#queueOf(entry)): void {
    this.#bySender.set(queue.name, queue)
    this.#byHash.set(entry.id, entry)
    this.#bytes += entry.raw.length
    this.#blobs += blobsOf(entry)
    this.#delegations.keep(entry)
    this.#change(queue, () => queue.put(entry))
  }

  /** Takes one out without a word. */
  #take(entry: Waiting): void {
    const queue = this.#queueOf(entry)
    this.#forget(entry)
    this.#change(queue, () => queue.remove(entry))
  }

  #forget(entry: Waiting): void {
    this.#byHash.delete(entry.id)
    this.#bytes -= entry.raw.length
    this.#blobs -= blobsOf(entry)
    this.#delegations.remove(entry)
  }

  #queueOf({ sender }: Waiting): SenderQueue {
    const name = sender.toHex()
    const known = this.#bySender.get(name)
    if (known) return known
    const queue = new SenderQueue(sender, name)
    this.#refresh(queue)
    return queue
  }

  /** Changes what a sender has waiting, and puts the sender where it belongs. */
  #change(queue: SenderQueue, change: () => void): void {
    const before = queue.readyCount
    change()
    this.#pending += queue.readyCount - before
    this.#order.set(queue)
    if (queue.size > 0) {
      this.#worst.set(queue)
      return
    }
    this.#worst.delete(queue)
    this.#bySender.delete(queue.name)
  }

  /** Reads the account once for each head, and drops what it has used up or cannot pay. */
  #refresh(queue: SenderQueue): void {
    if (queue.head === this.#heads) return
    const account = this.#head.state.account(queue.sender)
    const { nonce, balance, codeHash } = account ?? emptyAccount
    Object.assign(queue, { head: this.#heads, nonce, balance })
    queue.hasCode = !equalBytes(codeHash, emptyCodeHash)
    if (queue.size === 0) return
    const isUsed = ({ transaction }: Waiting) => transaction.nonce < nonce
    this.#change(queue, () => {
      for (const entry of queue.removeWhere((one) => isUsed(one) || one.cost > balance)) {
        this.#forget(entry)
        if (isUsed(entry)) this.#remember(entry)
        else
          this.#tell(
            entry,
            'unpayable',
            `its sender holds ${balance} wei, and it may cost ${entry.cost}`,
          )
      }
    })
  }

  /** Keeps the blobs of a mined transaction for some time: a reorganisation may bring it back without them. */
  #remember({ sidecar, id }: Waiting): void {
    if (!sidecar) return
    this.#mined.set(id, sidecar)
    if (this.#mined.size > minedSidecars)
      for (const one of this.#mined.keys().take(1)) this.#mined.delete(one)
  }

  /** Drops what fits in no block any more. */
  #dropTooLarge(): void {
    const { gasLimit } = this.#head
    for (const entry of this.#byHash.values().toArray()) {
      if (entry.transaction.gasLimit <= gasLimit) continue
      this.#take(entry)
      this.#tell(entry, 'not-executable', `a block holds ${gasLimit} gas now`)
    }
  }

  #tell(entry: Waiting, reason: DroppedTransaction['reason'], why: string): void {
    const message = `${nameOf(entry)} was ${reason === 'replaced' ? 'replaced' : 'dropped'}: ${why}`
    this.#options.dropped({ entry, reason, error: refusal(reason, message, 'later') })
  }
}

function authoritiesOf(transaction: Transaction): Signers['authorities'] {
  return transaction.type === 4 ? transaction.authorizations.map(authorityOf) : []
}

const nobody: readonly Address[] = []

function signed(authorities: Signers['authorities']): readonly Address[] {
  return authorities.length === 0 ? nobody : authorities.filter((one) => one !== undefined)
}

function senderFull({ size, sender }: SenderQueue): AppError {
  const message = `${size} transactions of ${toHex(sender)} wait, as many as one sender may have; send it later`
  return refusal('full', message, 'later')
}

function blobsOf({ sidecar }: Waiting): number {
  return sidecar?.blobs.length ?? 0
}

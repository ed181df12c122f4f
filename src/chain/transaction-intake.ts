/** Takes transactions of users and peers into the pool of a chain, and tells others what comes into it and what leaves it. */

import { AppError } from '../base/app-error.ts'
import type { ChainEvent } from './chain.ts'
import type { ChainNetwork, NetworkedChain } from './chain-network.ts'
import type { ChainDependencies } from './chain-parts.ts'
import { Lateness } from './lateness.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import type { Rules } from './ledger/fork-rules.ts'
import { impersonated, impersonatedSender } from './ledger/impersonation.ts'
import { isVoted, type Manifest } from './ledger/manifest.ts'
import type { Address, Hash, Transaction, UnsignedTransaction } from './ledger/transaction.ts'
import { encodeTransaction } from './ledger/transaction-codec.ts'
import { PoolOffers } from './pool-offers.ts'
import { TurnShare } from './turn-share.ts'
import { Admission, type Bringer } from './txpool/admission.ts'
import { CheckingThreads } from './txpool/checking-threads.ts'
import { createTxPool, type TxPoolLimits } from './txpool/create-txpool.ts'
import { createSenderRecovery, type SenderRecovery } from './txpool/sender-recovery.ts'
import type { PoolHead, ReturnedTransaction, TxPool } from './txpool/txpool.ts'

/** Transactions that are decoded in one turn, in some 2 ms: votes come between. */
const perTurn = 128

/** What the intake works with. */
interface IntakeParts {
  readonly options: {
    readonly manifest: Manifest
    readonly pool?: TxPoolLimits
    readonly backlog?: number
  }
  readonly dependencies: Pick<
    ChainDependencies,
    'clock' | 'timer' | 'logger' | 'metrics' | 'threads'
  >
  readonly head: PoolHead
  readonly tell: (event: ChainEvent) => void
  readonly isRunning: () => boolean
  readonly isInBlock: (hash: Hash) => boolean
  /** Hears that there may be something for a block. */
  readonly came: () => void
}

/** What of a chain is about transactions, as the network sees it. */
type Networked = Pick<NetworkedChain, 'hearTransaction' | 'hearOffer'>
type Beside = Pick<NetworkedChain, 'answer' | 'peerCame' | 'peerWent'>

/** The pool of a chain with what feeds it. */
export class TransactionIntake {
  readonly pool: TxPool
  readonly #senders: SenderRecovery
  readonly #threads: CheckingThreads
  readonly #ownsThreads: boolean
  readonly #tell: (event: ChainEvent) => void
  readonly #place: Pick<IntakeParts, 'isRunning' | 'came'>
  readonly #offers: PoolOffers
  #head: PoolHead
  #network: ChainNetwork | undefined
  readonly #trusts: boolean
  readonly #nowMs: () => number
  /** Absent where nobody votes: a block that is late then keeps nobody waiting. */
  readonly #admission: Admission | undefined
  readonly #lateness: Lateness
  readonly #turnedAway: (bringer: Bringer) => void
  readonly #turns = new TurnShare(perTurn)
  /** Pending transactions that cannot pay for the next block. */
  #cheap = 0
  /** Transactions that wait for their turn, and those whose signers are being looked for. */
  #underWay = 0

  constructor(parts: IntakeParts) {
    const { options, dependencies, head, tell } = parts
    const { logger, metrics, clock } = dependencies
    const { chainId, name, consensus } = options.manifest
    const dropped = metrics.counter(
      'quantumstream_txpool_dropped_total',
      'Transactions that left the pool otherwise than in a block',
      ['chain', 'reason'],
    )
    const later = metrics.counter(
      'quantumstream_txpool_later_total',
      'Transactions that were not taken because the node had too much to do, by who brought them',
      ['chain', 'from'],
    )
    this.#turnedAway = (from) => later.add(1, { chain: name, from })
    this.#nowMs = () => clock.nowMs()
    this.#admission = isVoted(consensus)
      ? new Admission(consensus.blockTimeMs, options.backlog)
      : undefined
    this.#lateness = new Lateness(dependencies)
    this.#tell = tell
    this.#place = parts
    this.#head = head
    this.#offers = new PoolOffers({
      ...{ nowMs: this.#nowMs, timer: dependencies.timer, logger, isInBlock: parts.isInBlock },
      ...{ pool: () => this.pool, baseFee: () => this.#head.baseFeePerGas },
      take: (raw) => this.#hear(raw),
    })
    this.#trusts = consensus.engine === 'dev'
    this.#ownsThreads = dependencies.threads === undefined
    this.#threads = dependencies.threads ?? new CheckingThreads({ logger })
    this.#senders = createSenderRecovery(this.#threads.signers)
    const limits = options.pool
    this.pool = createTxPool(
      {
        ...{ ...limits, chainId },
        dropped: (one) => {
          logger.info(one.error.message, { chain: name, reason: one.reason })
          dropped.add(1, { chain: name, reason: one.reason })
          tell({ kind: 'dropped', ...one })
        },
      },
      head,
    )
  }

  /**
   * Takes a raw transaction of a user; the order of taking is that of asking.
   *
   * @throws AppError of the pool, and `txpool/overloaded` with `retryAfterMs`
   */
  async submit(raw: Uint8Array): Promise<Hash> {
    const pauseMs = this.#pauseMs('user')
    if (pauseMs !== undefined) throw overloaded(pauseMs)
    const hash = await this.#take(raw)
    this.#network?.sayTransaction(raw)
    return hash
  }

  join(network: ChainNetwork | undefined): void {
    this.#network = network
    this.#offers.join(network)
  }

  /** The chain as the network sees it, with this beside another part. */
  networked<Rest extends Beside>(rest: Rest): Rest & Networked {
    return {
      ...rest,
      hearTransaction: async (raw) => ((await this.#hear(raw)) ? 'accept' : 'ignore'),
      hearOffer: (from, hashes) =>
        this.#place.isRunning() ? this.#offers.hear(from, hashes) : 'ignore',
      answer: async (question, from, bytes) =>
        question === 'transactions'
          ? this.#offers.answer(from, bytes)
          : rest.answer(question, from, bytes),
      peerCame: (id) => {
        rest.peerCame(id)
        this.#offers.peerCame(id)
      },
      peerWent: (id) => {
        rest.peerWent(id)
        this.#offers.peerWent(id)
      },
    }
  }

  /** Takes a transaction that another node took; whether it did: what is refused is nobody's fault. */
  async #hear(raw: Uint8Array): Promise<boolean> {
    if (!this.#place.isRunning() || this.#pauseMs('peer') !== undefined) return false
    try {
      await this.#take(raw)
      return true
    } catch (error) {
      if (error instanceof AppError) return false
      throw error
    }
  }

  /** Takes a transaction that nobody signed as one of this sender. */
  submitAs(unsigned: UnsignedTransaction, sender: Address): Hash {
    const incoming = this.pool.read(encodeTransaction(impersonated(unsigned, sender)))
    for (const { hash, transaction } of this.pool.admit(incoming, { sender, authorities: [] })) {
      this.#tell({ kind: 'pending', hash, transaction })
    }
    return incoming.hash
  }

  async #take(raw: Uint8Array): Promise<Hash> {
    this.#underWay += 1
    try {
      const turn = this.#turns.enter()
      if (turn) await turn
      const incoming = this.pool.read(raw)
      const signers = await this.#senders.signersOf(incoming)
      if (incoming.sidecar) await this.#threads.proofs.check(incoming.sidecar)
      for (const { hash, transaction } of this.pool.admit(incoming, signers)) {
        this.#tell({ kind: 'pending', hash, transaction })
        if (mostFee(transaction) < this.#head.baseFeePerGas) this.#cheap += 1
      }
      this.#admission?.took(this.#nowMs())
      this.#offers.came()
      this.#place.came()
      return incoming.hash
    } finally {
      this.#underWay -= 1
    }
  }

  /** In how many ms somebody should bring a transaction again, if this node has too much to do. */
  #pauseMs(bringer: Bringer): number | undefined {
    if (!this.#admission) return undefined
    const waiting = this.pool.counts().pending - this.#cheap + this.#underWay
    const pauseMs = this.#admission.pauseMs({ waiting, lateMs: this.#lateness.ms }, bringer)
    if (pauseMs !== undefined) this.#turnedAway(bringer)
    return pauseMs
  }

  /** Who signed the transactions of a block with these rules, or on a development chain is said to have sent them. */
  async sendersOf(
    { transactions }: Block,
    { hardfork }: Rules,
  ): Promise<readonly (Address | undefined)[]> {
    const senders = await this.#senders.sendersOf(transactions, hardfork)
    if (!this.#trusts) return senders
    return transactions.map((one, at) => senders[at] ?? impersonatedSender(one))
  }

  /** Follows the chain to a head on which a block was added. */
  followed(head: PoolHead, { block, senders }: ExecutedBlock): void {
    // A delegation raises the nonces of others than the senders (EIP-7702).
    const isPlain = block.transactions.every(({ type }) => type !== 4)
    this.#head = head
    this.pool.moveTo(head, isPlain ? { spenders: senders } : {})
    const left = this.#countCheap()
    this.#admission?.blockCame(block.transactions.length, left, this.#nowMs())
  }

  /** Counts anew what cannot pay, as the base fee is another one; gives how many can. */
  #countCheap(): number {
    if (!this.#admission) return 0
    const payable = this.pool.payable(this.#admission.mostCounted)
    this.#cheap = this.pool.counts().pending - payable
    return payable
  }

  /** Begins anew from any other head; transactions of blocks that were removed for it, oldest first, wait again. */
  reset(head: PoolHead, removed: readonly ExecutedBlock[]): void {
    this.#head = head
    this.pool.moveTo(head, { returned: removed.flatMap(transactionsOf) })
  }

  async stop(): Promise<void> {
    this.#lateness.stop()
    this.#offers.stop()
    if (this.#ownsThreads) await this.#threads.stop()
  }
}

function transactionsOf({ block, senders }: ExecutedBlock): ReturnedTransaction[] {
  return block.transactions.flatMap((transaction, at) => {
    const sender = senders[at]
    return sender ? [{ transaction, sender }] : []
  })
}

/** The most that a unit of gas may cost. */
function mostFee(transaction: Transaction): bigint {
  return 'gasPrice' in transaction ? transaction.gasPrice : transaction.maxFeePerGas
}

function overloaded(retryAfterMs: number): AppError {
  const message = `too many transactions wait for the next blocks; send it again in ${retryAfterMs} ms`
  return new AppError({
    ...{ code: 'txpool/overloaded', message, retry: 'later' },
    data: { retryAfterMs },
  })
}

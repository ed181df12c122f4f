/** Describes the queue between what happens on a chain and who acts on it. */

import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlSession } from '../store/sql.ts'

/** What goes through a queue. */
export interface QueueMessage {
  /** Deduplication key: a second message of one id is not put, as long as the first is remembered (7 days). */
  readonly id: string
  /** Messages of one key are given out one after the other, in the order in which they were put. */
  readonly key: string
  readonly body: Json
}

/** A message that was given out, until its lease ends. */
export interface TakenMessage extends QueueMessage {
  readonly seq: number
  /** From 1 on; also the fencing token: who was given an earlier one can no longer say that it is done. */
  readonly attempt: number
  /** It had been given up before: later messages of its key may be done. */
  readonly isRequeued?: boolean
}

/** A message that was given up. */
export interface DeadLetter extends QueueMessage {
  readonly seq: number
  readonly attempts: number
  readonly reason: string
  readonly diedAtMs: number
}

/** How a queue is. */
export interface QueueStatus {
  readonly name: string
  /** What brings the messages: `sqlite`, `postgres`, `redis`, `nats`. */
  readonly carrier: string
  /** Not done and not dead. */
  readonly depth: number
  readonly capacity: number
  readonly out: number
  readonly dead: number
  /** When the oldest that is not done was put. */
  readonly oldestAtMs: number | undefined
  /** Why no messages come at present; they are safe in SQL meanwhile. */
  readonly problem: string | undefined
}

/**
 * A queue with at-least-once delivery, whose every message is a row in SQL until it is done. `queue.suite.ts` holds the
 * tests of this contract. The consumer's own SQL transaction says that a message is done (`done`), and fails when
 * another has said so: what it writes is written exactly once.
 */
export interface Queue {
  /** Puts a message in a transaction of the caller, who calls `wake` after it. `full`: nothing was put; come back later. */
  put(session: SqlSession, message: QueueMessage): Promise<'put' | 'known' | 'full'>
  /** Looks for messages that were put. */
  wake(): void
  /** Whether there is room; a listener stops reading while there is none. */
  mayTakeMore(): boolean
  /** Up to `most` messages, each for the lease of the queue; waits up to `waitMs` for the first. */
  take(most: number, waitMs: number): Promise<readonly TakenMessage[]>
  /**
   * Says in the consumer's transaction that a message is done.
   *
   * @throws AppError `stream/lost-lease` if it was given to another meanwhile, or is done
   */
  done(session: SqlSession, message: TakenMessage): Promise<void>
  /** To be called after the transaction that said `done`: the key's next message is given out. */
  settle(message: TakenMessage): Promise<void>
  /** Gives a message back, to be given out again after a pause; after the last attempt it is a dead letter. */
  fail(message: TakenMessage, failure: { reason: string; retryAfterMs: number }): Promise<void>
  status(): Promise<QueueStatus>
  /** The keys with the most messages that are not done, up to 20. */
  keys(): Promise<readonly { readonly key: string; readonly waiting: number }[]>
  /** Dead letters, newest first. */
  deadLetters(query: PageQuery): Promise<Page<DeadLetter>>
  /** Gives a dead letter out again, as the next of its key; false if there is none of this number. */
  requeue(seq: number): Promise<boolean>
  /** Forgets all dead letters; how many. */
  purge(): Promise<number>
  start(): Promise<void>
  stop(): Promise<void>
}

/** What a queue is. */
export interface QueueOptions {
  readonly name: string
  /** Most messages that are not done; default 100,000. */
  readonly capacity?: number
  /** How long a message is a consumer's, in ms; default 30,000. */
  readonly leaseMs?: number
  /** Attempts until a message is dead; default 10. */
  readonly attempts?: number
}

/** Handles the messages of a queue, each in one SQL transaction with the word that it is done: exactly once. */

import { AppError } from '../base/app-error.ts'
import type { Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { SqlSession, SqlStore } from '../store/sql.ts'
import type { Queue, TakenMessage } from './queue.ts'

/** Longest wait for messages, and pauses after failures: doubled from the first up to the last. */
const [waitMs, firstPauseMs, longestPauseMs] = [5_000, 500, 60_000]

/** What a consumer does. */
export interface QueueConsumerOptions {
  readonly queue: Queue
  /** Messages handled at once; default 16. */
  readonly atOnce?: number
  /** Acts on a message; all that it writes is written in the transaction that says that the message is done. */
  handle(session: SqlSession, message: TakenMessage): Promise<void>
  /** Called after that transaction. */
  handled?(message: TakenMessage): void
}

/** Takes messages until it is stopped. */
export interface QueueConsumer {
  start(): void
  /** Resolves when the messages that are handled have come to an end. */
  stop(): Promise<void>
}

/** A consumer of one queue; a message whose handling throws comes again later. */
export function createQueueConsumer(
  options: QueueConsumerOptions,
  { sql, timer, logger }: { sql: SqlStore; timer: Timer; logger: Logger },
): QueueConsumer {
  const { queue, atOnce = 16, handle, handled } = options
  let isStopped = true
  let running: Promise<void> = Promise.resolve()
  /** Failures that could not be written: the database was away. */
  const unwritten = new Map<TakenMessage, Parameters<Queue['fail']>[1]>()

  const fail = async (message: TakenMessage, failure: Parameters<Queue['fail']>[1]) => {
    unwritten.set(message, failure)
    await queue.fail(message, failure)
    unwritten.delete(message)
  }
  const consume = async (message: TakenMessage) => {
    try {
      await sql.transaction(async (session) => {
        await handle(session, message)
        await queue.done(session, message)
      })
    } catch (error) {
      if (isLost(error)) return queue.settle(message)
      const reason = (error as Error).message
      logger.warn('a message of the queue failed', { id: message.id, reason })
      const retryAfterMs = Math.min(firstPauseMs * 2 ** (message.attempt - 1), longestPauseMs)
      return fail(message, { reason, retryAfterMs })
    }
    handled?.(message)
    await queue.settle(message)
  }
  const round = async () => {
    for (const [message, failure] of unwritten) await fail(message, failure)
    const taken = await queue.take(atOnce, waitMs)
    const outcomes = await Promise.allSettled(taken.map(consume))
    const failure = outcomes.find((one) => one.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
  const run = async () => {
    while (!isStopped) {
      try {
        await round()
      } catch (error) {
        logger.warn('the queue rests: its database fails', { error })
        await new Promise<void>((resolve) => timer.after(firstPauseMs, resolve))
      }
    }
  }
  return {
    start: () => {
      isStopped = false
      running = run()
    },
    stop: async () => {
      isStopped = true
      await running
    },
  }
}

const isLost = (error: unknown) => error instanceof AppError && error.code === 'stream/lost-lease'

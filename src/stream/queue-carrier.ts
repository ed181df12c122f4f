/** Describes what brings messages from SQL to consumers: a server that may lose all of them at any time. */

import type { TakenMessage } from './queue.ts'

/** A message with what the server knows it by. */
export interface CarriedMessage {
  readonly message: TakenMessage
  readonly handle: string
}

/** One queue on a server. Methods reject while the server is away, with the reason in words. */
export interface Carrier {
  readonly name: 'redis' | 'nats'
  start(options: { readonly queue: string; readonly leaseMs: number }): Promise<void>
  carry(messages: readonly TakenMessage[]): Promise<void>
  /** Up to `most` messages: new ones, and those that another took a lease ago and never settled. */
  take(most: number, waitMs: number): Promise<readonly CarriedMessage[]>
  settle(handle: string): Promise<void>
  /** Messages that it has, given out or not. */
  count(): Promise<number>
  stop(): Promise<void>
}

/** Describes sinks: where events and outcomes go out to. */

import type { AppError } from '../base/app-error.ts'
import type { Page, PageQuery } from '../base/page.ts'

/** One message on its way out. */
export interface SinkMessage {
  /** The same for each attempt: the id of the event or instance, with `/1`, `/2` for what is told of it later. */
  readonly id: string
  /** Messages of one key go out in their order. */
  readonly key: string
  /** What it tells: `event/CHAIN/NAME/LIFE`, `outcome/WORKFLOW/STATUS`, `lifecycle/WORKFLOW/PHASE` or `task/WORKFLOW/PHASE`; each part of letters, digits, `_` and `-`. */
  readonly route: string
  /** A CloudEvent 1.0 in structured JSON. */
  readonly payload: string
}

/**
 * What became of a message: taken for good (absent), or why not. `services/message-refused` concerns the message alone; any
 * other error the sink as a whole. `data.retryAfterMs` is a pause that the other side asked for.
 */
export type SinkVerdict = AppError | undefined

/** One place to which messages go. `sink.suite.ts` holds the tests of this contract. */
export interface Sink {
  /**
   * Sends messages, those of one key in the order of the list: after one that was not taken, none of its key is sent.
   * Resolves when the other side has all that it took where it keeps it.
   *
   * @returns a verdict for each; a message that was not sent because of another has that one's
   */
  send(messages: readonly SinkMessage[]): Promise<readonly SinkVerdict[]>
  close(): Promise<void>
}

/** Kinds of sinks. */
export const sinkKinds = ['webhook', 'amqp', 'mqtt', 'nats', 'redis', 'file'] as const
export type SinkKind = (typeof sinkKinds)[number]

/** How one sink is. */
export interface SinkStatus {
  readonly name: string
  readonly kind: SinkKind
  /** Where it sends to, without secrets. */
  readonly place: string
  /** `waiting`: the other side is away; `elsewhere`: another process sends for it. */
  readonly state: 'running' | 'waiting' | 'paused' | 'elsewhere' | 'stopped'
  /** Messages that wait. */
  readonly waiting: number
  /** Time since the oldest of them came; 0 if none waits. */
  readonly lagMs: number
  readonly dead: number
  /** Sent since the sink was first set up. */
  readonly sent: number
  readonly lastSentAtMs: number | undefined
  /** Why it waits, or the last refusal. */
  readonly lastError: string | undefined
}

/** A message that was refused too often. */
export interface DeadMessage {
  /** Its number, by which it is requeued. */
  readonly number: number
  readonly id: string
  readonly sink: string
  readonly key: string
  readonly attempts: number
  readonly reason: string
  readonly atMs: number
  readonly payload: string
}

/** What people do with sinks. */
export interface SinkDesk {
  list(): Promise<readonly SinkStatus[]>
  /** @throws AppError `services/unknown-sink` */
  pause(name: string): Promise<void>
  /** @throws AppError `services/unknown-sink` */
  resume(name: string): Promise<void>
  /** Newest first. @throws AppError `services/unknown-sink` */
  deadMessages(name: string, query: PageQuery): Promise<Page<DeadMessage>>
  /**
   * Has a dead message sent again, or all of a sink.
   *
   * @returns how many
   * @throws AppError `services/unknown-sink`
   */
  requeue(name: string, number?: number): Promise<number>
}

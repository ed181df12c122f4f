/** Describes a server of messages as sinks and workflow tasks use it. */

import { AppError } from '../../base/app-error.ts'

/** One message. */
export interface BrokerMessage {
  /** Routing key (AMQP), topic (MQTT), subject (NATS), channel or stream (Redis). */
  readonly channel: string
  readonly payload: Uint8Array
  readonly contentType?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** By which the server or the receiver knows a repetition. */
  readonly id?: string | undefined
}

/** Which messages are waited for. */
export interface Subscription {
  readonly channel: string
  /** Ends it: enough messages, too long, or the step is over. */
  readonly signal: AbortSignal
}

/** One server, to which a connection is made when it is needed and again after it was lost. */
export interface Broker {
  /**
   * Resolves when the server has taken the message.
   *
   * @throws AppError `services/broker-away` (later), `services/message-refused`
   */
  publish(message: BrokerMessage): Promise<void>
  /**
   * Messages as they come, until the signal fires. What nobody takes is bounded to 1,000; then it ends with
   * `services/slow-subscriber`.
   *
   * @throws AppError `services/broker-away`
   */
  subscribe(subscription: Subscription): AsyncIterable<BrokerMessage>
  close(): Promise<void>
}

/** Longest wait for a server, in ms, to connect and to take a message. */
export const brokerTimeoutMs = 10_000

/** The server cannot be used now; `message` holds no secret. */
export function away(place: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const message = `${place} cannot be used now: ${reasonOf(cause)}`
  return new AppError({ code: 'services/broker-away', message, cause, retry: 'later' })
}

/** The server does not want this message. */
export function refused(place: string, cause: unknown): AppError {
  const message = `${place} refused the message: ${reasonOf(cause)}`
  return new AppError({ code: 'services/message-refused', message, cause })
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause instanceof AggregateError && cause.message === '') return reasonOf(cause.errors[0])
  const { code } = cause as NodeJS.ErrnoException
  return cause.message || code || cause.name
}

/** Gives up after `brokerTimeoutMs`. */
export async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`${what} took longer than ${brokerTimeoutMs / 1_000} seconds`)
    timer = setTimeout(reject, brokerTimeoutMs, error)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** `rabbit.example:5672` of an address, without its user and password. */
export function placeOf(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}

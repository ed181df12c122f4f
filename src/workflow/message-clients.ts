/** Describes the clients of message servers that `call: asyncapi` publishes and subscribes by. */

import type { Json } from '../base/json-rpc.ts'

/** A place where messages go or come from. */
export interface MessagePlace {
  /** As AsyncAPI names it: `amqp`, `mqtt`, `nats`, `redis` … */
  readonly protocol: string
  /** Address of the server with its scheme: `amqp://rabbit.example:5672/vhost`. */
  readonly server: string
  /** Routing key, topic, subject, or stream. */
  readonly channel: string
  /** The authentication that the workflow names, resolved: `{basic: {username, password}}` or the like. */
  readonly authentication: Json | undefined
}

/** A message that goes out. */
export interface OutgoingMessage extends MessagePlace {
  readonly payload: Uint8Array
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
  /** The same for each attempt of one step. */
  readonly id: string
  readonly signal: AbortSignal
}

/** A message that came. */
export interface IncomingMessage {
  readonly payload: Uint8Array
  readonly contentType?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Speaks to servers of messages. */
export interface MessageClients {
  /**
   * Resolves when the server has taken the message.
   *
   * @throws AppError with retry `later` for what may pass; for a protocol that is not known, `never`
   */
  publish(message: OutgoingMessage): Promise<void>
  /** Messages as they come, until the signal fires; then it ends without an error. */
  subscribe(place: MessagePlace & { readonly signal: AbortSignal }): AsyncIterable<IncomingMessage>
}

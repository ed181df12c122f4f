/** Describes the room: encrypted links between nodes, over which chains exchange messages that it does not understand. */

import type { SignatureScheme } from '../crypto/signatures.ts'

/** The hash of a node's scheme and public key, 64 hex digits; a name, so that it can be a key of maps. */
export type PeerId = string

/** Where a node listens. */
export interface Endpoint {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * What gives way when a queue is full, the first of these first: transactions, answers to sync, votes of other rounds, what
 * the present round needs, and what a node says for itself, which never gives way (consensus design, section 15).
 */
export type Importance = 'relay' | 'answer' | 'late' | 'current' | 'own'

/** What a peer did wrong, or right, and what it costs; `peer-faults.ts` has those of the consensus design. */
export interface Fault {
  readonly name: string
  /** Added to the score; negative for what is wrong. */
  readonly points: number
  /** How long the peer stays away if this drops it, in ms; an hour unless said. */
  readonly banMs?: number
  /** A check failed that cost a signature: it counts for the budget. */
  readonly isFailedCheck?: true
}

/** What a check says of a message: it is relayed, or dropped without a word, or its sender is scored. */
export type CheckResult =
  /** `importance` is that of the kind unless said; `isNews` is false for what did not help. */
  | { readonly kind: 'accept'; readonly importance?: Importance; readonly isNews?: false }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'reject'; readonly fault: Fault }

/** A kind of message of a chain. */
export interface MessageKind {
  /** 0 to 254, other than those of the chain's other messages. */
  readonly number: number
  /** For measures. */
  readonly name: string
  /** A message of more is refused by its head. */
  readonly maxBytes: number
  readonly importance: Importance
  /** Whether an accepted message goes on to other peers; then the same bytes are checked once. */
  readonly isRelayed: boolean
  check(from: PeerId, bytes: Uint8Array): CheckResult | Promise<CheckResult>
}

/** What is answered: bytes, or nothing, or that the question was wrong. */
export type Answer = Uint8Array | undefined | Fault

/** A kind of question of a chain, which has an answer. */
export interface QuestionKind {
  /** 0 to 255, other than those of the chain's other questions. */
  readonly number: number
  /** For measures. */
  readonly name: string
  readonly maxBytes: number
  readonly maxAnswerBytes: number
  /** Unless said 10 s. */
  readonly deadlineMs?: number
  /** Questions to one peer, or of one, at a time; 1 unless said. */
  readonly outstanding?: number
  answer(from: PeerId, bytes: Uint8Array): Promise<Answer>
}

/** The key by which this node proves to be a validator of a chain. */
export interface ValidatorKey {
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
  /** Signs the hello of the consensus design, section 3.3, which begins with `QS/c/hello/1`. */
  sign(bytes: Uint8Array): Uint8Array
}

/** What a chain does with the links. */
export interface ChannelRules {
  /** Hash of the chain's manifest, 32 bytes: only nodes of the same chain hear each other. */
  readonly chainKey: Uint8Array
  readonly messages: readonly MessageKind[]
  readonly questions: readonly QuestionKind[]
  /** The key of this node's validator, if it has one, when a link is made. */
  validator?(): ValidatorKey | undefined
  /** Whether an address of 20 bytes is in the present set: such a peer has a place of its own, and is never away for long. */
  isValidator(address: Uint8Array): boolean
  /** Hears of each peer of the chain that comes, and goes. */
  peerCame?(peer: ChannelPeer): void
  peerWent?(peer: ChannelPeer): void
}

/** A peer that is on a chain, too. */
export interface ChannelPeer {
  readonly id: PeerId
  /** Address of the validator that it proved to be, when it is in the present set. */
  validator(): Uint8Array | undefined
}

/** How a message is sent. */
export interface SendOptions {
  /** That of the kind unless said. */
  readonly importance?: Importance
  /** Goes also to peers that have it: what was lost is sent again. */
  readonly isRepeated?: boolean
}

/** The links as a chain has them. */
export interface Channel {
  peers(): readonly ChannelPeer[]
  /**
   * Sends a message to the peers that are not known to have it, and gives their number. Its bytes must stay as they are.
   *
   * @throws AppError `network/bad-message`
   */
  publish(kind: number, bytes: Uint8Array, options?: SendOptions): number
  /** Sends a message to one peer; false if it is gone, or its queue is full. */
  send(peer: PeerId, kind: number, bytes: Uint8Array, options?: SendOptions): boolean
  /**
   * Asks a peer.
   *
   * @throws AppError `network/no-peer`, `network/busy` (as many questions of this kind are under way), `network/refused`
   * (it has no answer), `network/no-answer` (in time, or before it went), each with retry `now`
   */
  ask(peer: PeerId, kind: number, bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>
  /** Scores a peer for what became known later. */
  score(peer: PeerId, fault: Fault): void
  /** Tells all peers anew which validator this node is, because its key changed. */
  announce(): void
  /** Ends the chain's part of all links. */
  leave(): void
}

/** A validator that a peer proves to be, of a chain of this node. */
export interface ProvenValidator {
  readonly address: Uint8Array
  /** Whether it is in the present set. */
  readonly isPresent: boolean
}

/** Who wants a link, or has one, as an allow-list sees it. */
export interface Applicant {
  readonly id: PeerId
  /** Absent while nothing but the id is known: before this side calls. */
  readonly validators?: readonly ProvenValidator[]
}

/** A link as people see it. */
export interface PeerView {
  readonly id: PeerId
  /** As the peer calls its program. */
  readonly agent: string
  readonly endpoint: Endpoint
  /** Whether this side opened the link. */
  readonly isDialled: boolean
  /** Whether it has a reserved place. */
  readonly isNamed: boolean
  readonly since: number
  readonly score: number
  /** Of the last ping. */
  readonly roundTripMs: number | undefined
  readonly received: Traffic
  readonly sent: Traffic
  readonly waiting: Traffic
  /** Messages that gave way to more important ones. */
  readonly dropped: number
}

/** Messages, and their bytes with heads. */
export interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** A peer that stays away for a time. */
export interface Ban {
  readonly id: PeerId
  readonly untilMs: number
  /** Name of the fault. */
  readonly reason: string
}

/** All links of this node. */
export interface Network {
  readonly id: PeerId
  /** Where it listens, once it has started. */
  endpoint(): Endpoint | undefined
  /** Begins to listen and to connect. @throws AppError `network/cannot-listen`, `network/bad-record` (what it announces) */
  start(): Promise<void>
  /** Says goodbye, and resolves when no socket is open and what was learned is on disk. */
  stop(): Promise<void>
  /** Takes part in a chain. @throws AppError `network/joined-already` */
  join(rules: ChannelRules): Channel
  peers(): readonly PeerView[]
  /** Keeps a link to an address like `ID@HOST:PORT` or `HOST:PORT` from now on. @throws AppError `network/bad-address` */
  addPeer(address: string): void
  /** Ends the link to a peer and the wish to have one. */
  removePeer(id: PeerId): void
  bans(): readonly Ban[]
  ban(id: PeerId, durationMs: number): void
  /** Lets a peer come back, with a score of 0. */
  pardon(id: PeerId): void
  /** Ends links that the allow-list, which changed, has no more. */
  recheck(): void
}

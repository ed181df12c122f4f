/** Describes the network as a chain needs it: whoever opens the chain passes it in. */

import type { SigningKey } from '../crypto/signatures.ts'
import type { Address, Hash } from './ledger/transaction.ts'

/** What a node does wrong, by names that the network has prices for. */
export type PeerWrong =
  | 'bad-encoding'
  | 'bad-signature'
  /** A header that breaks a rule, or a body that is not its own or gives another state. */
  | 'bad-block'
  | 'bad-body'
  /** It has not what it says it has. */
  | 'empty-claim'
  | 'unasked-answer'
  | 'out-of-place'

/** What a message from outside was worth: good and new, nothing new, or wrong. */
export type Hearing = 'accept' | 'ignore' | PeerWrong

/** Questions that nodes of a chain put to each other. */
export const chainQuestions = [
  ...(['headers', 'blocks'] as const),
  ...(['proof', 'snapshot', 'chunk', 'decided', 'transactions'] as const),
] as const
/** Chunks that are asked of one node at a time. */
export const chunksAtOnce = 8
export type ChainQuestion = (typeof chainQuestions)[number]

/** A validator of a chain, as an operator names it. */
export interface ValidatorOptions {
  readonly key: SigningKey
  /** Of the guard; it belongs to the key, and lies outside the chain's folder. */
  readonly guardFile: string
  /** What its hash chains come from, where proposers reveal something: `revealSeed` of the key's own seed. */
  readonly revealSeed?: Uint8Array
  /** Whether nobody has said that it is for this chain: one that signs for another is left alone. */
  readonly isAnybodys?: boolean
}

/** The key by which a node proves to be a validator. */
export type LinkKey = Pick<SigningKey, 'scheme' | 'publicKey' | 'sign'>

/** A chain, as the network sees it. */
export interface NetworkedChain {
  readonly key: Hash
  /** A message of consensus, in the bytes that travel. */
  hear(from: string, message: Uint8Array): Hearing
  /** A transaction that somebody else took. */
  hearTransaction(raw: Uint8Array): Promise<Hearing>
  /** Hashes of transactions that wait at a peer. */
  hearOffer(from: string, hashes: Uint8Array): Hearing
  /** A block with its certificate, for a node that is behind. */
  hearBlock(bytes: Uint8Array): Hearing
  /** What somebody says to have; it proves nothing. */
  hearStatus(from: string, bytes: Uint8Array): Hearing
  /** A block that is new, of a chain without votes. */
  hearNewBlock(from: string, bytes: Uint8Array): Promise<Hearing>
  /** Answers a question; `undefined` if there is no answer here. */
  answer(
    question: ChainQuestion,
    from: string,
    bytes: Uint8Array,
  ): Promise<Uint8Array | undefined | PeerWrong>
  /** A node of the chain came, or went. */
  peerCame(id: string): void
  peerWent(id: string): void
  /** Of the validator that this node is now. */
  validator(): LinkKey | undefined
  /** Whether somebody signs blocks now. */
  isValidator(address: Address): boolean
}

/** A node that is linked. */
export interface LinkedPeer {
  readonly id: string
  /** Of the validator that it proved to be. */
  readonly validator: Address | undefined
  /** Of its chain, as it last said; absent until it has. */
  readonly height?: bigint | undefined
  /** The link itself; absent where there is none to look at. */
  readonly link?: PeerLink | undefined
}

/** What is known of a link. */
export interface PeerLink {
  /** As the peer calls its program. */
  readonly agent: string
  readonly endpoint: { readonly host: string; readonly port: number }
  /** Whether this side opened it. */
  readonly isDialled: boolean
  /** Whether it has a place beside those of strangers. */
  readonly isNamed: boolean
  /** When it was made, in ms. */
  readonly since: number
  readonly score: number
  /** Of the last ping. */
  readonly roundTripMs: number | undefined
  readonly received: LinkTraffic
  readonly sent: LinkTraffic
  readonly waiting: LinkTraffic
  /** Messages that gave way to more important ones. */
  readonly dropped: number
}

/** Messages, and their bytes. */
export interface LinkTraffic {
  readonly messages: number
  readonly bytes: number
}

/** The links of one chain. */
export interface ChainNetwork {
  /** Tells all, or one. */
  say(message: Uint8Array, to?: string): void
  /** Tells all of a part of a block, through others where they are many: the line of who proposes is one. */
  sayPart(message: Uint8Array): void
  /** Tells those that are linked what this node has; they do not pass it on. */
  sayState(message: Uint8Array): void
  sayTransaction(raw: Uint8Array): void
  giveBlock(to: string, bytes: Uint8Array): void
  /** Tells all, or one, the hashes of transactions that have waited here for long. */
  sayOffer(hashes: Uint8Array, to?: string): void
  /** Tells all, or one, what this node has; they do not pass it on. */
  sayStatus(bytes: Uint8Array, to?: string): void
  /** Tells all of a new block; they pass it on. */
  sayNewBlock(bytes: Uint8Array): void
  /** Asks one node; `undefined` if no answer comes. */
  ask(to: string, question: ChainQuestion, bytes: Uint8Array): Promise<Uint8Array | undefined>
  /** Scores a node for what became known later. */
  score(peer: string, wrong: PeerWrong): void
  /** Nodes of the chain that are linked. */
  peers(): readonly LinkedPeer[]
  /** Keeps a link to an address from now on. @throws AppError `network/bad-address` */
  addPeer(address: string): void
  /** Proves anew who this node is. */
  validatorChanged(): void
  leave(): void
}

/** Joins a chain to the network. */
export type JoinNetwork = (chain: NetworkedChain) => ChainNetwork

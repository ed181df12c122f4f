/** Lays out the bytes that validators sign: fixed lengths, big-endian, no optional field. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { Instance, ProposalContent, VoteContent } from './messages.ts'

/** Where a message counts: a signature says nothing on another chain, or under another set. */
export interface SigningPlace {
  /** keccak256 of the canonical manifest. */
  readonly chainKey: Hash
  /** Of the set of the message's height. */
  readonly setHash: Hash
}

/** What a validator signs to show on a link that it is one. */
export interface Hello {
  readonly chainKey: Hash
  /** 32 bytes that only the two ends of the TLS session know (RFC 9266). */
  readonly exporter: Hash
  /** Of the node's own key. */
  readonly nodeKeyHash: Hash
}

/** A place of a chain: a validator signs one thing for it, and then only for those after it. */
export interface SignedPlace {
  readonly chainKey: Hash
  readonly instance: Instance
  readonly height: bigint
  readonly round: number
  /** Proposal 0, prevote 1, precommit 2. */
  readonly step: number
}

/** Numbers of the types of votes, in sign bytes and on the wire. */
export const voteTypeCodes = { prevote: 1, precommit: 2 } as const

const encoder = new TextEncoder()
const voteTag = encoder.encode('QS/c/vote/1\0')
const proposalTag = encoder.encode('QS/c/prop/1\0')
const helloTag = encoder.encode('QS/c/hello/1')
const nil = new Uint8Array(32)
const [voteBytes, proposalBytes] = [127, 163]
const [tagBytes, chainKeyBytes] = [12, 32]

/** 127 bytes of a vote; @throws AppError `consensus/bad-layout` for a field that does not fit */
export function voteSignBytes(vote: VoteContent, place: SigningPlace): Uint8Array {
  const names = vote.type === 'prevote' && vote.value !== undefined
  return new Layout(voteBytes)
    .bytes(voteTag, 12)
    .bytes(place.chainKey, 32)
    .number(voteTypeCodes[vote.type], 1)
    .number(vote.instance, 1)
    .height(vote.height)
    .number(vote.round, 4)
    .number(names ? vote.validRound + 1 : 0, 4)
    .number(vote.value === undefined ? 1 : 0, 1)
    .bytes(vote.value ?? nil, 32)
    .bytes(place.setHash, 32)
    .end()
}

/** 163 bytes of a proposal; @throws AppError `consensus/bad-layout` for a field that does not fit */
export function proposalSignBytes(proposal: ProposalContent, place: SigningPlace): Uint8Array {
  return new Layout(proposalBytes)
    .bytes(proposalTag, 12)
    .bytes(place.chainKey, 32)
    .number(proposal.instance, 1)
    .height(proposal.height)
    .number(proposal.round, 4)
    .number(proposal.validRound + 1, 4)
    .bytes(proposal.value, 32)
    .bytes(proposal.partsRoot, 32)
    .number(proposal.partCount, 2)
    .number(proposal.byteLength, 4)
    .bytes(place.setHash, 32)
    .end()
}

/** 108 bytes of a hello; @throws AppError `consensus/bad-layout` for a field that does not fit */
export function helloSignBytes({ chainKey, exporter, nodeKeyHash }: Hello): Uint8Array {
  return new Layout(108)
    .bytes(helloTag, 12)
    .bytes(chainKey, 32)
    .bytes(exporter, 32)
    .bytes(nodeKeyHash, 32)
    .end()
}

/** The place of a vote or a proposal; `undefined` for any other bytes. */
export function signedPlace(signBytes: Uint8Array): SignedPlace | undefined {
  const tag = signBytes.subarray(0, tagBytes)
  const isVote = signBytes.length === voteBytes && equalBytes(tag, voteTag)
  const isProposal = signBytes.length === proposalBytes && equalBytes(tag, proposalTag)
  if (!isVote && !isProposal) return undefined
  const view = new DataView(signBytes.buffer, signBytes.byteOffset)
  // A vote has its kind before the instance: 1 is a prevote, 2 a precommit.
  const fields = tagBytes + chainKeyBytes + (isVote ? 1 : 0)
  const step = isVote ? view.getUint8(fields - 1) : 0
  const instance = view.getUint8(fields)
  if (step > 2 || (isVote && step === 0) || instance > 1) return undefined
  return {
    chainKey: signBytes.slice(tagBytes, tagBytes + chainKeyBytes),
    instance: instance as Instance,
    height: view.getBigUint64(fields + 1),
    round: view.getUint32(fields + 9),
    step,
  }
}

/** Whether a place comes after another of the same instance: below 0 before, 0 the same, above 0 after. */
export function comparePlaces(a: SignedPlace, b: SignedPlace): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1
  return a.round - b.round || a.step - b.step
}

/** What a validator signed, from the bytes; `undefined` for what is neither a vote nor a proposal. */
export function readSignBytes(
  bytes: Uint8Array,
):
  | { readonly kind: 'vote'; readonly content: VoteContent }
  | { readonly kind: 'proposal'; readonly content: ProposalContent }
  | undefined {
  const place = signedPlace(bytes)
  if (place === undefined) return undefined
  const { instance, height, round, step } = place
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (step === 0) {
    const content = {
      ...{ instance, height, round, validRound: view.getUint32(57) - 1 },
      ...{ value: bytes.slice(61, 93), partsRoot: bytes.slice(93, 125) },
      ...{ partCount: view.getUint16(125), byteLength: view.getUint32(127) },
    }
    return { kind: 'proposal', content }
  }
  const value = view.getUint8(62) === 1 ? undefined : bytes.slice(63, 95)
  const type = step === voteTypeCodes.prevote ? 'prevote' : 'precommit'
  const validRound = type === 'prevote' && value ? view.getUint32(58) - 1 : -1
  return { kind: 'vote', content: { instance, type, height, round, validRound, value } }
}

/** Whether bytes are those of a hello. */
export function isHello(bytes: Uint8Array): boolean {
  return bytes.length === 108 && equalBytes(bytes.subarray(0, tagBytes), helloTag)
}

/** Bytes that are filled from the front, and must be full at the end. */
class Layout {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(length: number) {
    this.#bytes = new Uint8Array(length)
    this.#view = new DataView(this.#bytes.buffer)
  }

  bytes(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length) throw bad(`a field of ${length} bytes got ${bytes.length}`)
    this.#bytes.set(bytes, this.#at)
    this.#at += length
    return this
  }

  number(value: number, size: 1 | 2 | 4): this {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** size) {
      throw bad(`${value} does not fit in ${size} bytes`)
    }
    if (size === 1) this.#view.setUint8(this.#at, value)
    else if (size === 2) this.#view.setUint16(this.#at, value)
    else this.#view.setUint32(this.#at, value)
    this.#at += size
    return this
  }

  height(value: bigint): this {
    if (value < 0n || value >= 2n ** 64n) throw bad(`${value} does not fit in 8 bytes`)
    this.#view.setBigUint64(this.#at, value)
    this.#at += 8
    return this
  }

  end(): Uint8Array {
    if (this.#at !== this.#bytes.length) {
      throw bad(`${this.#at} of ${this.#bytes.length} bytes were written`)
    }
    return this.#bytes
  }
}

function bad(reason: string): AppError {
  return new AppError({ code: 'consensus/bad-layout', message: `no bytes to sign: ${reason}` })
}

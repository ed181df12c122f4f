/** Asks linked peers for the addresses of others, and answers such questions. */

import { AppError } from '../../base/app-error.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../../chain/ledger/rlp.ts'
import { type Frame, type FrameHead, frameTypes } from '../link/frame.ts'
import type { Fault, PeerId } from '../network.ts'
import { peerFaults } from '../peer-faults.ts'
import type { AddressBook } from './address-book.ts'
import { type AddressRecord, mayFollow, reachOf, readRecord } from './address-record.ts'
import type { FrameTaker, Peer } from './peer.ts'

/** Kind of the question on channel 0. */
const addressesKind = 18
const questionName = `0 ${addressesKind}`
/** Records of an answer. */
const mostRecords = 16
const maxAnswerBytes = 128 * 1024
/** A peer may ask once in this time, and is asked once in twice of it: clocks differ, and bytes are late. */
const pauseMs = 30_000
const deadlineMs = 10_000

/** What the exchange needs of the node. */
export interface ExchangeSurroundings {
  readonly book: AddressBook
  readonly nowMs: () => number
  readonly chance: () => number
  readonly score: (peer: Peer, fault: Fault) => void
}

export class AddressExchange implements FrameTaker {
  readonly #around: ExchangeSurroundings
  readonly #askedMs = new WeakMap<Peer, number>()
  readonly #answeredMs = new WeakMap<Peer, number>()

  constructor(around: ExchangeSurroundings) {
    this.#around = around
  }

  limitOf(peer: Peer, { kind, type, id }: FrameHead): number | undefined {
    if (kind !== addressesKind) return undefined
    return type === frameTypes.answer ? peer.questions.limitOf(id, maxAnswerBytes) : 0
  }

  receive(peer: Peer, { type, id, bytes }: Frame): void {
    if (type === frameTypes.question) {
      this.#answer(peer, id)
      return
    }
    const answer = type === frameTypes.answer ? bytes : undefined
    if (!peer.questions.answer(id, questionName, answer)) {
      this.#around.score(peer, peerFaults.unaskedAnswer)
    }
  }

  /** Asks a peer, unless it was asked a while ago, and resolves when what it said is in the book. */
  async ask(peer: Peer): Promise<void> {
    const { nowMs, score } = this.#around
    const askedMs = this.#askedMs.get(peer)
    if (askedMs !== undefined && nowMs() - askedMs < 2 * pauseMs) return
    this.#askedMs.set(peer, nowMs())
    const expired = () => score(peer, peerFaults.noAnswer)
    const terms = { kind: questionName, outstanding: 1, deadlineMs, expired }
    try {
      const answer = await peer.questions.ask(terms, (id) => {
        const head = { channel: 0, kind: addressesKind, type: frameTypes.question, id }
        return peer.link.send(head, new Uint8Array(), 'late')
      })
      this.#learn(peer, answer)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
  }

  /** Takes in what a node says of itself in its greeting. */
  learnOwn(id: PeerId, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    try {
      const record = readRecord(bytes)
      if (record.id === id) this.#around.book.learn(record)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
  }

  #answer(peer: Peer, id: number): void {
    const { book, nowMs, chance, score } = this.#around
    const head = { channel: 0, kind: addressesKind, id }
    const answeredMs = this.#answeredMs.get(peer)
    if (answeredMs !== undefined && nowMs() - answeredMs < pauseMs) {
      score(peer, peerFaults.outOfPlace)
      peer.link.send({ ...head, type: frameTypes.refusal }, new Uint8Array(), 'answer')
      return
    }
    this.#answeredMs.set(peer, nowMs())
    const reach = reachOf(peer.facts.endpoint.host)
    const useful = (record: AddressRecord) =>
      record.id !== peer.id && record.endpoints.every(({ host }) => mayFollow(host, reach))
    const records = book.sample(mostRecords, chance()).filter(useful)
    const answer = encodeRlp(records.map(({ bytes }) => bytes))
    peer.link.send({ ...head, type: frameTypes.answer }, answer, 'answer')
  }

  #learn(peer: Peer, answer: Uint8Array): void {
    const reach = reachOf(peer.facts.endpoint.host)
    try {
      for (const one of rlpList(decodeRlp(answer, 2 * mostRecords), 'records').slice(
        0,
        mostRecords,
      )) {
        const record = readRecord(rlpBytes(one, 'record'))
        const isUseful = record.endpoints.every(({ host }) => mayFollow(host, reach))
        if (isUseful) this.#around.book.learn(record, peer.id)
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const isUnsigned = error.code === 'network/bad-record'
      this.#around.score(peer, peerFaults[isUnsigned ? 'badSignature' : 'badEncoding'])
    }
  }
}

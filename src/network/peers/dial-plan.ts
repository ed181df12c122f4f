/** Decides whom to connect to, and when to try again. */

import type { Endpoint, PeerId } from '../network.ts'
import type { AddressBook } from './address-book.ts'

/** An address that is tried. */
export interface Candidate {
  readonly endpoint: Endpoint
  /** Who must answer there, if that is known. */
  readonly expected?: PeerId | undefined
  /** Asked for by name: tried for ever, and beside all others. */
  readonly isWanted: boolean
}

/** What is known of the attempts at an address. */
interface Attempts {
  readonly failures: number
  /** When it may be tried again. */
  readonly nextMs: number
}

/** What a choice is made from. */
export interface DialView {
  readonly nowMs: number
  readonly isLinked: (id: PeerId) => boolean
  /** Whether a link to a peer would be refused by this side. */
  readonly isBarred: (id: PeerId) => boolean
  /** How many that nobody asked for by name may be tried. */
  readonly room: number
  /** 0 to 1: where to begin among them. */
  readonly chance: number
}

/** A time in ms, and a number from 0 to 1. */
interface Moment {
  readonly nowMs: number
  readonly chance: number
}

/** A link that lived so long was a good one. */
const steadyMs = 10_000
const firstPauseMs = 1_000
const longestPauseMs = { wanted: 15_000, learned: 600_000 }
/** Addresses of the local network that are remembered. */
const mostNearby = 64
/** Addresses whose attempts are remembered. */
const mostAttempts = 2_048
/** Wanted addresses. */
const mostWanted = 1_024

/**
 * The pause after so many failures in a row: doubled each time, between a half and one and a half of that by chance, so that
 * nodes that lost each other together do not come back together.
 */
export function pauseMs(failures: number, longestMs: number, chance: number): number {
  return Math.min(firstPauseMs * 2 ** failures, longestMs) * (0.5 + chance)
}

export class DialPlan {
  readonly #book: AddressBook
  readonly #wanted = new Map<string, Candidate>()
  readonly #nearby = new Map<string, Candidate>()
  readonly #attempts = new Map<string, Attempts>()
  /** Who answered at a wanted address. */
  readonly #answered = new Map<string, PeerId>()
  /** Addresses that lead to this node. */
  readonly #own = new Set<string>()
  readonly #underWay = new Set<string>()

  constructor(book: AddressBook) {
    this.#book = book
  }

  /** Whether a peer was asked for by name. */
  isWanted(id: PeerId): boolean {
    return this.#wanted.entries().some(([name, one]) => this.#whoIs(name, one) === id)
  }

  /** False if there is no room. */
  want(endpoint: Endpoint, expected?: PeerId): boolean {
    const name = nameOf(endpoint)
    if (!this.#wanted.has(name) && this.#wanted.size >= mostWanted) return false
    this.#wanted.set(name, { endpoint, expected, isWanted: true })
    this.#attempts.delete(name)
    return true
  }

  /** Takes back the wish for a peer. */
  unwant(id: PeerId): void {
    for (const [name, one] of [...this.#wanted]) {
      if (this.#whoIs(name, one) === id) this.#wanted.delete(name)
    }
  }

  /** Notes a node of the local network. */
  noteNearby(endpoint: Endpoint, expected: PeerId): void {
    keepNewest(this.#nearby, nameOf(endpoint), { endpoint, expected, isWanted: false }, mostNearby)
  }

  /** Whom to try now; each is under way until `linked` or `failed` is called. */
  next(view: DialView): readonly Candidate[] {
    const chosen: Candidate[] = []
    const ids = new Set<PeerId>()
    const choose = (candidate: Candidate, id = candidate.expected) => {
      if (!this.#isDue(candidate, id, view) || (id !== undefined && ids.has(id))) return
      if (id !== undefined) ids.add(id)
      this.#underWay.add(nameOf(candidate.endpoint))
      chosen.push(candidate)
    }
    for (const [name, one] of this.#wanted) choose(one, this.#whoIs(name, one))
    const wanted = chosen.length
    const others = this.#others()
    const start = Math.floor(view.chance * others.length)
    for (let at = 0; at < others.length; at += 1) {
      if (chosen.length - wanted >= view.room) break
      choose(others[(start + at) % others.length] as Candidate)
    }
    return chosen
  }

  /** Notes that a peer was linked at an address. */
  linked({ endpoint }: Candidate, id: PeerId): void {
    const name = nameOf(endpoint)
    this.#underWay.delete(name)
    if (this.#wanted.has(name)) this.#answered.set(name, id)
  }

  /** Notes that a link is over, which lived for so long. */
  lost(id: PeerId, livedMs: number, { nowMs, chance }: Moment): void {
    const wanted = [...this.#wanted].filter(([name, one]) => this.#whoIs(name, one) === id)
    const learned = this.#book.get(id)?.record.endpoints ?? []
    const nearby = [...this.#nearby.values()].filter((one) => one.expected === id)
    const others = [...nearby.map(({ endpoint }) => endpoint), ...learned].map(nameOf)
    for (const name of new Set([...wanted.map(([one]) => one), ...others])) {
      // Whoever lets one in to send one away at once is not asked every second.
      const failures = livedMs < steadyMs ? (this.#attempts.get(name)?.failures ?? 0) + 1 : 0
      const longestMs = longestPauseMs[this.#wanted.has(name) ? 'wanted' : 'learned']
      this.#wait(name, { failures, nextMs: nowMs + pauseMs(failures, longestMs, chance) })
    }
  }

  failed(candidate: Candidate, { nowMs, chance }: Moment): void {
    const name = nameOf(candidate.endpoint)
    this.#underWay.delete(name)
    const failures = (this.#attempts.get(name)?.failures ?? 0) + 1
    const longestMs = longestPauseMs[candidate.isWanted ? 'wanted' : 'learned']
    this.#wait(name, { failures, nextMs: nowMs + pauseMs(failures, longestMs, chance) })
    if (candidate.expected !== undefined) this.#book.failed(candidate.expected)
  }

  /** Notes that an address leads to this node itself. */
  isSelf({ endpoint }: Candidate): void {
    this.#underWay.delete(nameOf(endpoint))
    this.#own.add(nameOf(endpoint))
  }

  #whoIs(name: string, { expected }: Candidate): PeerId | undefined {
    return expected ?? this.#answered.get(name)
  }

  #isDue(candidate: Candidate, id: PeerId | undefined, view: DialView): boolean {
    const name = nameOf(candidate.endpoint)
    if (this.#own.has(name) || this.#underWay.has(name)) return false
    if (id !== undefined && (view.isLinked(id) || view.isBarred(id))) return false
    return (this.#attempts.get(name)?.nextMs ?? 0) <= view.nowMs
  }

  #others(): readonly Candidate[] {
    const learned = [...this.#book.entries()].flatMap(({ record }) =>
      record.endpoints.map((endpoint) => ({ endpoint, expected: record.id, isWanted: false })),
    )
    return [...this.#nearby.values(), ...learned]
  }

  #wait(name: string, attempts: Attempts): void {
    keepNewest(this.#attempts, name, attempts, mostAttempts)
  }
}

function nameOf({ host, port }: Endpoint): string {
  return `${host} ${port}`
}

function keepNewest<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) for (const oldest of map.keys().take(1)) map.delete(oldest)
}

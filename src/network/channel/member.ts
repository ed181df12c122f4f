/** Knows how a peer takes part in a chain: where its messages go, and which validator it is. */

import { equalBytes } from '../../base/bytes.ts'
import { isSignature, keyAddress } from '../../crypto/signatures.ts'
import type { ChainEntry } from '../link/hello.ts'
import type {
  Answer,
  ChannelPeer,
  ChannelRules,
  Fault,
  PeerId,
  ProvenValidator,
  QuestionKind,
} from '../network.ts'
import { chainHello } from '../node-identity.ts'
import { peerFaults } from '../peer-faults.ts'
import type { Peer } from '../peers/peer.ts'
import { type Neighbours, noNeighbours } from './neighbours.ts'

/** What a member needs of its chain. */
interface MemberSurroundings {
  readonly rules: ChannelRules
  readonly nowMs: () => number
  readonly score: (fault: Fault) => void
}

/** Messages that a peer may send again in a minute: what was lost is sent again, but not without end. */
const mostRepeats = 1_000
const minuteMs = 60_000

export class Member implements ChannelPeer {
  readonly peer: Peer
  /** Whom it says it is linked with on this chain. */
  neighbours: Neighbours = noNeighbours
  readonly #around: MemberSurroundings
  #entry: ChainEntry
  #address: Uint8Array | undefined
  /** Whether the signature of the validator is right; looked at when it matters. */
  #isProven: boolean | undefined
  /** Questions of the peer that are being answered, by kind. */
  readonly #answering = new Map<number, number>()
  #repeats = { count: 0, sinceMs: 0 }

  constructor(peer: Peer, entry: ChainEntry, around: MemberSurroundings) {
    this.peer = peer
    this.#around = around
    this.#entry = entry
    this.renew(entry)
  }

  /** Takes what the peer says anew: its validator's key may be another one. */
  renew(entry: ChainEntry): void {
    this.#entry = entry
    this.#address = entry.validator && keyAddress(entry.validator)
    this.#isProven = undefined
  }

  get id(): PeerId {
    return this.peer.id
  }

  /** The number by which the peer gets this chain's messages. */
  get channel(): number {
    return this.#entry.channel
  }

  validator(): Uint8Array | undefined {
    const address = this.#address
    if (address === undefined || !this.#around.rules.isValidator(address)) return undefined
    return this.provenAs()
  }

  /** The address of the validator that it proves to be, whether or not that is in the present set. */
  provenAs(): Uint8Array | undefined {
    const address = this.#address
    if (address === undefined) return undefined
    if (this.#isProven === undefined) {
      this.#isProven = isProven(this.#entry, this.peer.facts.exporter, this.id)
      if (!this.#isProven) this.#around.score(peerFaults.badSignature)
    }
    return this.#isProven ? address : undefined
  }

  /** Notes that the peer sent a message that it had sent before. */
  repeated(): void {
    const nowMs = this.#around.nowMs()
    const { count, sinceMs } = this.#repeats
    const isSame = nowMs - sinceMs < minuteMs
    this.#repeats = isSame ? { count: count + 1, sinceMs } : { count: 1, sinceMs: nowMs }
    if (this.#repeats.count > mostRepeats) this.#around.score(peerFaults.outOfPlace)
  }

  /** Answers a question, unless too many of its kind are being answered. */
  async answering(
    rules: QuestionKind,
    bytes: Uint8Array,
    failed: (error: unknown) => void,
  ): Promise<Answer> {
    const count = this.#answering.get(rules.number) ?? 0
    if (count >= (rules.outstanding ?? 1)) return peerFaults.outOfPlace
    this.#answering.set(rules.number, count + 1)
    try {
      return await rules.answer(this.id, bytes)
    } catch (error) {
      failed(error)
      return undefined
    } finally {
      this.#answering.set(rules.number, (this.#answering.get(rules.number) ?? 1) - 1)
    }
  }
}

/** The validator that an entry proves its node to be, before the peer is taken in. */
export function provenValidator(
  entry: ChainEntry,
  rules: ChannelRules,
  link: { readonly exporter: Uint8Array; readonly id: PeerId },
): ProvenValidator | undefined {
  const { validator, chainKey } = entry
  if (validator === undefined || !equalBytes(chainKey, rules.chainKey)) return undefined
  if (!isProven(entry, link.exporter, link.id)) return undefined
  const address = keyAddress(validator)
  return { address, isPresent: rules.isValidator(address) }
}

function isProven({ validator, chainKey }: ChainEntry, exporter: Uint8Array, id: PeerId): boolean {
  if (validator === undefined) return false
  return isSignature(validator, chainHello(chainKey, exporter, id), validator.signature)
}

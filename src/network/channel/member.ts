/** Knows how a peer takes part in a chain: where its messages go, and which validator it is. */

import { equalBytes } from '../../base/bytes.ts'
import { isSignature, keyAddress } from '../../crypto/signatures.ts'
import type { ChainEntry } from '../link/hello.ts'
import type { Answer, ChannelPeer, ChannelRules, PeerId, QuestionKind } from '../network.ts'
import { chainHello } from '../node-identity.ts'
import { peerFaults } from '../peer-faults.ts'
import type { Peer } from '../peers/peer.ts'

export class Member implements ChannelPeer {
  readonly peer: Peer
  readonly #entry: ChainEntry
  readonly #rules: ChannelRules
  readonly #blame: () => void
  readonly #address: Uint8Array | undefined
  /** Whether the signature of the validator is right; looked at when it matters. */
  #isProven: boolean | undefined
  /** Questions of the peer that are being answered, by kind. */
  readonly #answering = new Map<number, number>()

  constructor(
    peer: Peer,
    entry: ChainEntry,
    { rules, blame }: { readonly rules: ChannelRules; readonly blame: () => void },
  ) {
    this.peer = peer
    this.#entry = entry
    this.#address = entry.validator && keyAddress(entry.validator)
    this.#rules = rules
    this.#blame = blame
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
    if (address === undefined || !this.#rules.isValidator(address)) return undefined
    if (this.#isProven === undefined) {
      this.#isProven = isProven(this.#entry, this.peer.facts.exporter, this.id)
      if (!this.#isProven) this.#blame()
    }
    return this.#isProven ? address : undefined
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

/** Whether an entry proves that its node is a validator of the present set, before the peer is taken in. */
export function isProvenValidator(
  entry: ChainEntry,
  rules: ChannelRules,
  link: { readonly exporter: Uint8Array; readonly id: PeerId },
): boolean {
  const { validator, chainKey } = entry
  if (validator === undefined || !equalBytes(chainKey, rules.chainKey)) return false
  return rules.isValidator(keyAddress(validator)) && isProven(entry, link.exporter, link.id)
}

function isProven({ validator, chainKey }: ChainEntry, exporter: Uint8Array, id: PeerId): boolean {
  if (validator === undefined) return false
  return isSignature(validator, chainHello(chainKey, exporter, id), validator.signature)
}

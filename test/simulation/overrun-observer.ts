/** Sees runs in which liars have over a third of the weight: two blocks may be decided, but then those who did it can be named (S9). */

import { equalBytes } from '../../src/base/bytes.ts'
import { certificateOf } from '../../src/chain/consensus/bft/tally.ts'
import type { CoreEffect, CoreInput, CoreState } from '../../src/chain/consensus/core-state.ts'
import { findGuilty } from '../../src/chain/consensus/forensics.ts'
import type { Certificate } from '../../src/chain/consensus/messages.ts'
import {
  type FinalBlock,
  Observer,
  PropertyFailure,
  type Reporter,
  type WatchedPlace,
} from './observer.ts'

/** Two blocks of one height were decided, and who is guilty was named: nothing more can be asked of the run. */
export class SafetyLost extends Error {}

/** Its liars run no nodes, so that all that nodes know is known to correct ones. */
export class OverrunObserver extends Observer {
  readonly #place: WatchedPlace
  readonly #certificates = new Map<bigint, Certificate[]>()

  constructor(place: WatchedPlace) {
    super(place)
    this.#place = place
  }

  override stepped(
    before: CoreState,
    input: CoreInput,
    after: CoreState,
    effects: readonly CoreEffect[],
  ): void {
    super.stepped(before, input, after, effects)
    const { validators } = this.#place.checkAt(after.height)
    for (const { prevotes } of after.tallies) {
      for (const choice of prevotes.choices) {
        if (choice.isQuorum && choice.value) this.#keep(certificateOf(choice, validators))
      }
    }
  }

  override final(node: Reporter, height: bigint, block: FinalBlock, proof: Certificate): void {
    this.#keep(proof)
    const others = this.#at(height).filter(({ type }) => type === 'commit')
    if (others.every(({ value }) => value && equalBytes(value, block.value))) {
      super.final(node, height, block, proof)
      return
    }
    this.count('two blocks were decided')
    this.#account(height)
    throw new SafetyLost(`two blocks of height ${height} were decided`)
  }

  #at(height: bigint): Certificate[] {
    const known = this.#certificates.get(height) ?? []
    this.#certificates.set(height, known)
    return known
  }

  #keep(certificate: Certificate): void {
    const known = this.#at(certificate.height)
    const { type, round, validRound, value } = certificate
    const isKnown = known.some(
      (one) =>
        one.type === type &&
        one.round === round &&
        one.validRound === validRound &&
        equalBytes(one.value ?? new Uint8Array(), value ?? new Uint8Array()),
    )
    if (!isKnown) known.push(certificate)
  }

  #account(height: bigint): void {
    const check = this.#place.checkAt(height)
    const { guilty, weight, total, missing } = findGuilty(this.#at(height), check)
    if (missing !== undefined || 3n * weight < total) {
      throw new PropertyFailure(
        'S9',
        `of ${total} only ${weight} is named: ${missing ?? 'too few'}`,
      )
    }
    for (const { address, fault } of guilty) {
      this.count(`named for ${fault}`)
      const place = check.validators.list.findIndex((one) => equalBytes(one.address, address))
      if (this.isFaulty(place, height)) continue
      throw new PropertyFailure('S9', `correct validator ${place} is named for ${fault}`)
    }
  }
}

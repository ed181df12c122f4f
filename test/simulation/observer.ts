/** Sees everything that is signed, decided and kept in a run, and stops it where a property does not hold (consensus.md, section 19). */

import { equalBytes } from '../../src/base/bytes.ts'
import { checkCertificate } from '../../src/chain/consensus/certificate.ts'
import type { CoreEffect, CoreInput, CoreState } from '../../src/chain/consensus/core-state.ts'
import { checkEvidence, namedEvidence } from '../../src/chain/consensus/evidence.ts'
import type {
  Certificate,
  Evidence,
  SignedProposal,
  SignedVote,
} from '../../src/chain/consensus/messages.ts'
import { proposalSignBytes, voteSignBytes } from '../../src/chain/consensus/sign-bytes.ts'
import type { SignatureCheck } from '../../src/chain/consensus/signatures.ts'
import { isQuorum } from '../../src/chain/consensus/validator-set.ts'
import type { SimulatedBlock } from './blocks.ts'
import { firedIn } from './coverage.ts'

/** A property that does not hold. */
export class PropertyFailure extends Error {
  readonly property: string

  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`)
    this.property = property
  }
}

/** What is said of a block that is final. */
export type FinalBlock = Pick<SimulatedBlock, 'value' | 'isValid' | 'bornRound'>

/** Who reports: a node, and the validator that it is. */
export interface Reporter {
  readonly id: number
  readonly validator: number
}

/** Whom the observer watches. */
export interface WatchedPlace {
  /** What signatures of a height are checked against. */
  readonly checkAt: (height: bigint) => SignatureCheck
  /** Whether a validator, by its place in the set of a height, may break rules. */
  readonly isFaulty: (validator: number, height: bigint) => boolean
}

/** Most of what a core may keep (section 16). */
const most = { tallies: 64, proposals: 64 * 8, checkedValues: 64 + 64 * 8 }

/** What was seen of one run. */
export class Observer {
  readonly coverage = new Map<string, number>()
  readonly #place: WatchedPlace
  readonly #signed = new Map<string, { bytes: Uint8Array; signature: Uint8Array }>()
  readonly #finals = new Map<bigint, Uint8Array>()
  readonly #finalOf = new Map<number, bigint>()
  /** Weight that has ever prevoted for a value in a round, by height, round and value. */
  readonly #prevotes = new Map<string, Set<number>>()
  readonly #precommits = new Map<string, SignedVote[]>()

  constructor(place: WatchedPlace) {
    this.#place = place
  }

  isFaulty(validator: number, height: bigint): boolean {
    return this.#place.isFaulty(validator, height)
  }

  count(what: string): void {
    this.coverage.set(what, (this.coverage.get(what) ?? 0) + 1)
  }

  /** S4 and S5: a vote leaves its signer. */
  voted(vote: SignedVote): void {
    const { height, round, type, value, validatorIndex } = vote
    const isCorrect = !this.isFaulty(validatorIndex, height)
    if (isCorrect) {
      const bytes = voteSignBytes(vote, this.#signingPlace(height))
      this.#signOnce(`${validatorIndex} ${type} ${height} ${round}`, bytes, vote.signature)
    }
    if (value === undefined) return
    const key = `${validatorIndex} ${height}`
    if (type === 'precommit' && isCorrect) {
      const before = this.#precommits.get(key) ?? []
      this.#precommits.set(key, [...before, vote])
    }
    if (type === 'precommit') return
    const place = `${height} ${round} ${value.toHex()}`
    const voters = this.#prevotes.get(place) ?? new Set()
    this.#prevotes.set(place, voters.add(validatorIndex))
    for (const lock of isCorrect ? (this.#precommits.get(key) ?? []) : [])
      this.#keepsLock(lock, vote)
  }

  /** S4: a proposal leaves its signer. */
  proposed(proposal: SignedProposal): void {
    const { height, round, validatorIndex } = proposal
    if (this.isFaulty(validatorIndex, height)) return
    const bytes = proposalSignBytes(proposal, this.#signingPlace(height))
    this.#signOnce(`${validatorIndex} proposal ${height} ${round}`, bytes, proposal.signature)
  }

  /** S11, and that nothing goes back: a core took an input. */
  stepped(
    before: CoreState,
    input: CoreInput,
    after: CoreState,
    effects: readonly CoreEffect[],
  ): void {
    for (const fired of firedIn(before, input, after, effects)) this.count(fired)
    const isLater = after.round > before.round || stepOf(after) >= stepOf(before)
    if (after.round < before.round || !isLater) {
      throw new PropertyFailure(
        'order',
        `${before.round} ${before.step} came after ${after.round} ${after.step}`,
      )
    }
    if (after.lockedRound < before.lockedRound || after.validRound < before.validRound) {
      throw new PropertyFailure(
        'order',
        `the lock or the valid value went back in round ${after.round}`,
      )
    }
    const isBounded =
      after.tallies.length <= most.tallies &&
      after.proposals.length <= most.proposals &&
      after.checkedValues.length <= most.checkedValues
    if (!isBounded) throw new PropertyFailure('S11', `a core keeps ${after.tallies.length} rounds`)
  }

  /** S6: somebody is accused. */
  reported(evidence: Evidence): void {
    this.count(`evidence ${evidence.kind}`)
    const { checkAt } = this.#place
    if (evidence.kind !== 'double-vote' && evidence.kind !== 'double-proposal') return
    const { validators } = checkAt(evidence.a.height)
    const named = namedEvidence(evidence, validators)
    if (named === undefined) throw new PropertyFailure('S6', 'evidence of nobody')
    const verdict = checkEvidence(named, {
      ...checkAt(0n),
      setAt: (height) => checkAt(height).validators,
      ...{ blockHeight: 1_000n, evidenceHeights: 1_000n, punished: [] },
    })
    if (verdict.kind !== 'valid') {
      throw new PropertyFailure('S6', `evidence that is none: ${JSON.stringify(verdict)}`)
    }
    const { validatorIndex, round, height } = evidence.a
    if (this.isFaulty(validatorIndex, height)) return
    throw new PropertyFailure(
      'S6',
      `correct validator ${validatorIndex} is accused of ${evidence.kind} in ${round}`,
    )
  }

  /** S1, S2, S3 and S7: a node calls a block final. Twins may be made to believe anything but a bad certificate. */
  final(node: Reporter, height: bigint, block: FinalBlock, certificate: Certificate): void {
    const name = `node ${node.id} at height ${height}`
    const isProof =
      certificate.type === 'commit' &&
      certificate.height === height &&
      certificate.value !== undefined &&
      equalBytes(certificate.value, block.value)
    if (!isProof || checkCertificate(certificate, this.#place.checkAt(height)).kind !== 'valid') {
      throw new PropertyFailure('S7', `${name} has no valid certificate`)
    }
    if (!block.isValid) throw new PropertyFailure('S2', `${name} decided an invalid block`)
    if (block.bornRound > certificate.round) {
      throw new PropertyFailure('S2', `${name} decided a block of a later round`)
    }
    const last = this.#finalOf.get(node.id) ?? 0n
    if (height > last + 1n) throw new PropertyFailure('S3', `${name} left out a height`)
    if (height > last) this.#finalOf.set(node.id, height)
    const known = this.#finals.get(height)
    if (known !== undefined && !equalBytes(known, block.value)) {
      throw new PropertyFailure('S1', `${name} decided another block than others, or than before`)
    }
    this.#finals.set(height, block.value)
  }

  #signingPlace(height: bigint) {
    const { chainKey, validators } = this.#place.checkAt(height)
    return { chainKey, setHash: validators.hash }
  }

  /** What was signed is sent again with its signature: another one of the same bytes was made anew. */
  #signOnce(place: string, bytes: Uint8Array, signature: Uint8Array): void {
    const known = this.#signed.get(place)
    this.#signed.set(place, known ?? { bytes, signature })
    if (!known || (equalBytes(known.bytes, bytes) && equalBytes(known.signature, signature))) return
    throw new PropertyFailure('S4', `a correct validator signed twice: ${place}`)
  }

  #keepsLock(lock: SignedVote, { height, round, value, validatorIndex }: SignedVote): void {
    if (lock.value === undefined || value === undefined || equalBytes(lock.value, value)) return
    if (lock.round >= round) return
    for (let earlier = lock.round; earlier < round; earlier += 1) {
      const voters = this.#prevotes.get(`${height} ${earlier} ${value.toHex()}`) ?? new Set()
      if (this.#isQuorum(voters, height)) return
    }
    const detail = `validator ${validatorIndex} precommitted in ${lock.round} and prevoted another value in ${round} without a polka`
    throw new PropertyFailure('S5', detail)
  }

  #isQuorum(voters: ReadonlySet<number>, height: bigint): boolean {
    const { list, total } = this.#place.checkAt(height).validators
    let weight = 0n
    for (const index of voters) weight += list[index]?.weight ?? 0n
    return isQuorum(weight, total)
  }
}

function stepOf({ step }: CoreState): number {
  return ['new', 'propose', 'prevote', 'precommit', 'decided'].indexOf(step)
}

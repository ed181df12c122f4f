/** Keeps double signing until a block carries it: takes it in, tells others, and lets go of what is settled. */

import type { Effect } from '../consensus.ts'
import { checkEvidence, isSettled, namedEvidence } from '../evidence.ts'
import { type EvidenceGround, isOpen, withEvidence } from '../evidence-pool.ts'
import { limits } from '../limits.ts'
import {
  type Evidence,
  type Instance,
  isDoubleSigning,
  type NamedEvidence,
  type ValidatorSet,
} from '../messages.ts'
import type { SignatureCheck } from '../signatures.ts'

/** The turn that evidence is taken in. */
export interface EvidenceTurn {
  readonly effects: Effect[]
  readonly instance: Instance
  pool(): readonly NamedEvidence[]
  set(pool: readonly NamedEvidence[]): void
  check(): SignatureCheck
  /** Of the next block. */
  ground(): EvidenceGround
  /** Who signs or signed a height; `undefined` if it is not known. */
  setOf(height: bigint): ValidatorSet | undefined
}

/** The evidence of one turn. */
export class EvidenceDesk {
  readonly #turn: EvidenceTurn

  constructor(turn: EvidenceTurn) {
    this.#turn = turn
  }

  /** Keeps what this node saw in the present height for a block, and tells others. */
  report(evidence: Evidence): void {
    const { effects, check } = this.#turn
    effects.push({ kind: 'report', evidence })
    const named = isDoubleSigning(evidence)
      ? namedEvidence(evidence, check().validators)
      : undefined
    if (!named || !this.#keep(named)) return
    effects.push({ kind: 'broadcast', message: { kind: 'evidence', evidence } })
  }

  /** Tells others of what waits for a block. */
  tell(): void {
    const { effects, pool } = this.#turn
    for (const { evidence } of pool().slice(0, limits.maxEvidencePerBlock)) {
      effects.push({ kind: 'broadcast', message: { kind: 'evidence', evidence }, isAgain: true })
    }
  }

  /** Evidence from elsewhere counts as what this node saw itself, where the set of its height is known. */
  take(evidence: Evidence, known?: ValidatorSet): void {
    const { effects, instance, pool, ground, check, setOf } = this.#turn
    if (!isDoubleSigning(evidence) || evidence.a.instance !== instance) return
    const { height } = evidence.a
    const validators = setOf(height) ?? known
    if (validators === undefined) return
    const named = namedEvidence(evidence, validators)
    const { punished, height: next, evidenceHeights } = ground()
    if (named && (isSettled(punished, named) || withEvidence(pool(), named) === pool())) return
    const verdict =
      named &&
      checkEvidence(named, {
        ...{ ...check(), setAt: () => validators, punished },
        ...{ blockHeight: height > next ? height : next, evidenceHeights },
      })
    if (named === undefined || verdict?.kind !== 'valid') {
      effects.push({ kind: 'heard', as: 'bad-signature' })
      return
    }
    effects.push({ kind: 'heard', as: 'good' }, { kind: 'report', evidence })
    this.#keep(named)
  }

  /** Lets go of what no later block may carry. */
  settle(): void {
    const ground = this.#turn.ground()
    const before = this.#turn.pool()
    const open = before.filter((one) => isOpen(one, ground))
    if (open.length < before.length) this.#set(open)
  }

  /** Whether it is new. */
  #keep(named: NamedEvidence): boolean {
    const before = this.#turn.pool()
    const pool = withEvidence(before, named)
    if (pool !== before) this.#set(pool)
    return pool !== before
  }

  #set(evidence: readonly NamedEvidence[]): void {
    this.#turn.set(evidence)
    this.#turn.effects.push({ kind: 'keep-evidence', evidence })
  }
}

/** Says which double signing of members blocks of work carry: the set of an instance follows from the chain that they stand on. */

import type { ChainReader, SealedHeader } from '../consensus.ts'
import type { Derived } from '../derived.ts'
import { evidenceFault } from '../evidence.ts'
import { chosenEvidence, type EvidenceGround } from '../evidence-pool.ts'
import { type Invalid, invalid } from '../header-rules.ts'
import { limits } from '../limits.ts'
import type { NamedEvidence, Punished, ValidatorSet } from '../messages.ts'
import { decodeRecord } from '../record.ts'
import type { RecordedHeader } from '../record-rules.ts'
import { type CheckpointState, mostKept } from './checkpoint-state.ts'
import { type FinalityPlace, finalityOf } from './finality-rules.ts'

/** Blocks after the one with the certificate of an instance that may carry evidence of it. */
const evidenceBlocks = 1_024
/** A key that was put out never comes back: what it signed is settled, whatever the instance. */
const ever = limits.maxHeight

/** Blocks for which a chain remembers whom it has punished; who is punished again is out already, and nothing happens. */
export const punishedBlocks = BigInt(2 * evidenceBlocks)

/** What a member is told of, and keeps: of the instances whose sets it remembers. */
export function poolGround({ punished, core }: CheckpointState): EvidenceGround {
  return { ...settledFor(punished), height: core.height, evidenceHeights: BigInt(mostKept) }
}

/** What is wrong with the evidence that a block brings. */
export function memberEvidenceFault(
  reader: ChainReader,
  { record, parent, derived }: RecordedHeader,
  { chainKey, schemes }: FinalityPlace,
): Invalid | undefined {
  if (record.evidence.some(({ evidence }) => evidence.a.instance !== 1)) {
    return invalid('evidence', 'it is not of what a committee votes on')
  }
  const fault = evidenceFault(record.evidence, {
    ...{ chainKey, schemes, ...settledFor(derived.evidenceSeen) },
    ...{ blockHeight: ever, evidenceHeights: ever },
    setAt: (instance) => committeeOf(reader, { parent, derived }, instance),
  })
  // All who have the chain find the same sets.
  return fault && { ...fault, rule: 'evidence' }
}

/** What the block after a head brings: only what all who have its chain can check. */
export function broughtEvidence(
  { evidence, kept }: Pick<CheckpointState, 'evidence' | 'kept'>,
  { number, derived }: { readonly number: bigint; readonly derived: Derived },
): readonly NamedEvidence[] {
  if (evidence.length === 0) return evidence
  const { instance } = finalityOf(derived)
  const isNear = (height: bigint) => {
    if (height > instance) return true
    const final = kept.find(({ certificate }) => certificate.height === height)
    // Its certificate came after it.
    return final !== undefined && final.number + BigInt(evidenceBlocks) > number
  }
  return chosenEvidence(
    evidence.filter((one) => isNear(one.evidence.a.height)),
    {
      ...settledFor(derived.evidenceSeen),
      ...{ height: instance + 2n, evidenceHeights: ever },
    },
  )
}

function settledFor(punished: readonly Punished[]): { readonly punished: readonly Punished[] } {
  return { punished: punished.map(({ signer }) => ({ signer, height: ever })) }
}

/** The committee of an instance on the chain up to a block; the block with its certificate stands on one that knew it. */
function committeeOf(
  reader: ChainReader,
  { parent, derived }: { readonly parent: SealedHeader; readonly derived: Derived },
  instance: bigint,
): ValidatorSet | undefined {
  const last = finalityOf(derived).instance
  if (instance === last + 1n) return derived.validators
  if (instance === last + 2n) return derived.nextValidators
  if (instance > last) return undefined
  let at: SealedHeader | undefined = parent
  for (let walked = 0; at?.record && walked < evidenceBlocks; walked += 1) {
    const { parentHash } = at.header
    const [brought] = decodeRecord(at.record).finality
    if (brought?.height === instance) return reader.derived(parentHash)?.validators
    at = reader.header(parentHash)
  }
  return undefined
}

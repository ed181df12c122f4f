/** Proves to whoever trusts an earlier block that a later one is final: each change of the validators is one step. */

import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Header } from '../ledger/block.ts'
import { decodeHeader } from '../ledger/block-codec.ts'
import { decodeRlp, encodeRlp } from '../ledger/rlp.ts'
import { anyBytes, fields, listOf, optional, type RlpShape } from '../ledger/rlp-shape.ts'
import type { Hash } from '../ledger/transaction.ts'
import { readCertificate, writeCertificate } from './bft/message-fields.ts'
import { checkCertificate } from './certificate.ts'
import { limits } from './limits.ts'
import type { Certificate, ValidatorSet } from './messages.ts'
import { decodeRecord } from './record.ts'
import type { SignatureSchemes } from './signatures.ts'
import { validatorSetShape } from './validator-set.ts'

/** A header with its record of consensus, which the header's `extraData` commits to; both in RLP. */
export interface RecordedBytes {
  readonly header: Uint8Array
  readonly record: Uint8Array
}

/** A header that was decided, and the set that did it unless that is the set of the step before. */
export interface FinalityStep extends RecordedBytes {
  readonly validators: ValidatorSet | undefined
  readonly certificate: Certificate
}

/** The trusted header, and the way from there. */
export interface FinalityProof {
  readonly start: RecordedBytes
  readonly steps: readonly FinalityStep[]
}

/** What is trusted: nothing of it can be proven by votes. */
export interface TrustedPoint {
  /** keccak256 of the canonical manifest. */
  readonly chainKey: Hash
  readonly number: bigint
  readonly hash: Hash
}

/** A header that is final, or why the proof does not show one. */
export type FinalityVerdict =
  | { readonly kind: 'valid'; readonly header: Header; readonly hash: Hash }
  | { readonly kind: 'invalid'; readonly detail: string }

/** Where a proof is made of. */
export interface FinalitySource {
  /** A block of the chain. */
  recorded(number: bigint): RecordedBytes | undefined
  /** That a block was decided. */
  certificate(number: bigint): Certificate | undefined
  /** The set that signs a height. */
  validators(number: bigint): ValidatorSet | undefined
}

/** Most steps of one proof. */
export const maxFinalitySteps = 4_096
/** Bytes of steps after which a proof ends before it is whole: the next one goes on from its last header. */
const pageBytes = 512 * 1024
/** Bytes of the longest proof that travels. */
export const maxFinalityBytes = pageBytes + 2 * limits.maxCertificateBytes
/** RLP values of such a proof. */
const maxValues = 2 ** 18

const maxHeaderBytes = 2_048
const headerShape = anyBytes((length) => length <= maxHeaderBytes)
const recordShape = anyBytes(
  (length) => length <= limits.maxRecordBytes + limits.maxCertificateBytes,
)
const certificateShape: RlpShape<Certificate> = {
  encode: writeCertificate,
  decode: readCertificate,
}
const recorded = { header: headerShape, record: recordShape }
const stepShape = fields<FinalityStep>({
  ...{ ...recorded, validators: optional(validatorSetShape), certificate: certificateShape },
})
const shape = fields<FinalityProof>({
  start: fields<RecordedBytes>(recorded),
  steps: listOf(stepShape, maxFinalitySteps),
})

/** The bytes of a proof, as nodes give it to each other. */
export function encodeFinality(proof: FinalityProof): Uint8Array {
  return encodeRlp(shape.encode(proof))
}

/** The bytes of a set. */
export function encodeValidators(set: ValidatorSet): Uint8Array {
  return encodeRlp(validatorSetShape.encode(set))
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-validator-set` */
export function decodeValidators(bytes: Uint8Array): ValidatorSet {
  return validatorSetShape.decode(decodeRlp(bytes, maxValues), 'the set of validators')
}

/** The opposite of `encodeFinality`; @throws AppError `ledger/bad-rlp`, `consensus/bad-message`, `consensus/bad-validator-set` */
export function decodeFinality(bytes: Uint8Array): FinalityProof {
  return shape.decode(decodeRlp(bytes, maxValues), 'the proof of finality')
}

/**
 * The way from one block to a later one. Where no validators change it is one step, however far; it ends early when it
 * gets long, with a header from which the next proof goes on.
 *
 * @returns `undefined` when a block or a certificate on the way is not there
 */
export function proveFinality(
  source: FinalitySource,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): FinalityProof | undefined {
  const start = source.recorded(from)
  if (start === undefined) return undefined
  const steps: FinalityStep[] = []
  let [at, last, bytes] = [from, start as RecordedBytes, 0]
  while (at < to && bytes < pageBytes && steps.length < maxFinalitySteps) {
    const name = decodeRecord(last.record).nextValidatorsHash
    const number = lastOf(source, name, { first: at + 1n, to })
    const block = number === undefined ? undefined : source.recorded(number)
    const certificate = number === undefined ? undefined : source.certificate(number)
    const set = number === undefined ? undefined : source.validators(number)
    if (number === undefined || !block || !certificate || !set) return undefined
    const before = steps.length === 0 ? undefined : decodeRecord(last.record).validatorsHash
    const isKnown = before !== undefined && equalBytes(before, set.hash)
    const step = { ...block, certificate, validators: isKnown ? undefined : set }
    steps.push(step)
    bytes += encodeRlp(stepShape.encode(step)).length
    at = number
    last = block
  }
  return { start, steps }
}

/** The block that a proof ends with, as it says. @throws AppError `ledger/bad-rlp` */
export function endOf({ start, steps }: FinalityProof): {
  readonly number: bigint
  readonly hash: Hash
} {
  const { header } = steps.at(-1) ?? start
  return { number: decodeHeader(header).number, hash: keccak256(header) }
}

/**
 * The part of a proof between two of its headers.
 *
 * @returns `undefined` when one of them is not in it
 */
export function partOfFinality(
  proof: FinalityProof,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): FinalityProof | undefined {
  const numbers = [proof.start, ...proof.steps].map(({ header }) => decodeHeader(header).number)
  const [first, last] = [numbers.indexOf(from), numbers.indexOf(to)]
  const start = first === 0 ? proof.start : proof.steps[first - 1]
  if (first < 0 || last < first || start === undefined) return undefined
  const { header, record } = start
  const steps = proof.steps.slice(first, last).map((step, at) => {
    return at > 0 ? step : { ...step, validators: setOfStep(proof, first) }
  })
  return { start: { header, record }, steps }
}

/** Two proofs, the second of which begins where the first ends, as one; it ends early when it gets long. */
export function joinFinality(one: FinalityProof, other: FinalityProof): FinalityProof {
  const before = setOfStep(one, one.steps.length - 1)
  const [next, ...rest] = other.steps
  const isSame = before && next?.validators && equalBytes(before.hash, next.validators.hash)
  const joined = isSame ? [{ ...next, validators: undefined }, ...rest] : other.steps
  const steps: FinalityStep[] = []
  let bytes = 0
  for (const step of [...one.steps, ...joined]) {
    if (bytes >= pageBytes) break
    steps.push(step)
    bytes += encodeRlp(stepShape.encode(step)).length
  }
  return { start: one.start, steps }
}

/** The set that signed a step. */
function setOfStep({ steps }: FinalityProof, at: number): ValidatorSet | undefined {
  return steps.slice(0, at + 1).findLast(({ validators }) => validators)?.validators
}

/** The farthest block, up to a change of the set, that a set signs. */
function lastOf(
  source: FinalitySource,
  name: Hash,
  { first, to }: { readonly first: bigint; readonly to: bigint },
): bigint | undefined {
  const isIts = (number: bigint) => {
    const block = source.recorded(number)
    return block && equalBytes(decodeRecord(block.record).validatorsHash, name)
  }
  if (isIts(to)) return to
  if (!isIts(first)) return undefined
  let [low, high] = [first, to]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    const found = isIts(middle)
    if (found === undefined) return undefined
    if (found) low = middle
    else high = middle
  }
  return low
}

/**
 * Checks a proof against what is trusted; no chain is needed for it. Each step's header must have a certificate of more than two
 * thirds of its set, and the header before it must name that set as the next one.
 *
 * @returns the last header of the proof
 */
export function checkFinality(
  { start, steps }: FinalityProof,
  trusted: TrustedPoint,
  schemes: SignatureSchemes,
): FinalityVerdict {
  const first = read(start)
  if (typeof first === 'string') return invalid(`the trusted header: ${first}`)
  if (first.header.number !== trusted.number || !equalBytes(first.hash, trusted.hash)) {
    return invalid('it does not begin with the trusted block')
  }
  let [last, set] = [first, undefined as ValidatorSet | undefined]
  for (const step of steps) {
    const next = read(step)
    if (typeof next === 'string') return invalid(next)
    const where = `block ${next.header.number}`
    if (next.header.number <= last.header.number) return invalid(`${where} is out of order`)
    const named = last.record.nextValidatorsHash
    if (step.validators && set && equalBytes(step.validators.hash, set.hash)) {
      return invalid(`the set of ${where} is there twice`)
    }
    set = step.validators ?? set
    const isNamed = set && equalBytes(set.hash, named)
    if (!set || !isNamed || !equalBytes(next.record.validatorsHash, named)) {
      return invalid(`the set of ${where} is not the one that the header before it names`)
    }
    const fault = certificateFault(step.certificate, { ...next, set, trusted, schemes })
    if (fault !== undefined) return invalid(`the certificate of ${where}: ${fault}`)
    last = next
  }
  return { kind: 'valid', header: last.header, hash: last.hash }
}

function certificateFault(
  certificate: Certificate,
  place: {
    readonly header: Header
    readonly hash: Hash
    readonly set: ValidatorSet
    readonly trusted: TrustedPoint
    readonly schemes: SignatureSchemes
  },
): string | undefined {
  const { header, hash, set, trusted, schemes } = place
  const { type, instance, height, value } = certificate
  const isIts = type === 'commit' && instance === 0 && height === header.number
  if (!isIts || value === undefined || !equalBytes(value, hash)) return 'it is for something else'
  const { chainKey } = trusted
  const verdict = checkCertificate(certificate, { chainKey, validators: set, schemes })
  return verdict.kind === 'invalid' ? verdict.detail : undefined
}

/** A header and its record, or why they are none. */
function read({ header: encoded, record: bytes }: RecordedBytes) {
  try {
    const header = decodeHeader(encoded)
    if (!equalBytes(keccak256(bytes), header.extraData)) {
      return `the record of block ${header.number} is not the one that its header names`
    }
    return { header, hash: keccak256(encoded), record: decodeRecord(bytes) }
  } catch (error) {
    return (error as Error).message
  }
}

function invalid(detail: string): FinalityVerdict {
  return { kind: 'invalid', detail }
}

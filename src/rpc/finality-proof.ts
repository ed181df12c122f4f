/** Checks the proof that `qs_finalityProof` gives, for programs that trust an earlier block and nothing else. */

import { AppError } from '../base/app-error.ts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import {
  checkFinality,
  decodeValidators,
  type FinalityProof,
  maxFinalitySteps,
  type RecordedBytes,
  type TrustedPoint,
} from '../chain/consensus/finality-proof.ts'
import { schemes } from '../chain/consensus/schemes.ts'
import { decodeCertificate } from '../chain/consensus/travelling-block.ts'
import { toQuantity } from './format/quantity.ts'
import { listOf, optional, type Parser, record, unexpected } from './params/parser.ts'
import { bytes, hash } from './params/values.ts'

/** A block that the caller trusts, such as the first one of the chain. */
export interface TrustedBlock {
  /** keccak-256 of the canonical manifest, which every vote is bound to. */
  readonly chainKey: string
  readonly number: bigint
  readonly hash: string
}

/** A block that is final. */
export interface FinalBlock {
  readonly number: bigint
  /** To be given to `verifyTransactionProof`. */
  readonly hash: Hex
  readonly parentHash: Hex
  readonly stateRoot: Hex
  readonly transactionsRoot: Hex
  readonly receiptsRoot: Hex
  /** Seconds since the epoch. */
  readonly timestamp: bigint
}

/** Bytes in the one form that the node gives them in. */
const exact: Parser<Uint8Array> = (value, path) => {
  if (typeof value === 'string' && value === value.toLowerCase()) return bytes(value, path)
  throw unexpected(value, path, 'bytes in lower-case hex')
}

/**
 * Checks a proof: no node is asked.
 *
 * @param proof - as JSON-RPC gives it; pages that follow each other may be joined by their `steps`
 * @returns the last block of the proof
 * @throws AppError `rpc/bad-proof` for one that does not show that the block is final
 */
export function verifyFinality(proof: Json, trusted: TrustedBlock): FinalBlock {
  const point: TrustedPoint = {
    chainKey: hash(trusted.chainKey, 'trusted.chainKey'),
    number: trusted.number,
    hash: hash(trusted.hash, 'trusted.hash'),
  }
  const verdict = checkFinality(read(proof), point, schemes)
  if (verdict.kind === 'invalid') throw bad(verdict.detail)
  const { header } = verdict
  mustSay(proof, {
    ...{ chainKey: toHex(point.chainKey), from: toQuantity(point.number) },
    ...{ number: toQuantity(header.number), hash: toHex(verdict.hash) },
  })
  return {
    ...{ number: header.number, hash: toHex(verdict.hash), timestamp: header.timestamp },
    ...{ parentHash: toHex(header.parentHash), stateRoot: toHex(header.stateRoot) },
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
  }
}

/** What stands beside the proof for people must be true. */
function mustSay(proof: Json, facts: Readonly<Record<string, string>>): void {
  const said = record(proof, 'proof')
  const name = Object.keys(facts).find((one) => said[one] !== facts[one])
  if (name !== undefined) throw bad(`its ${name} is ${facts[name]}, not ${said[name]}`)
}

function read(proof: Json): FinalityProof {
  const { start, steps } = record(proof, 'proof')
  try {
    return {
      start: recorded(start, 'proof.start'),
      steps: listOf(step, maxFinalitySteps)(steps, 'proof.steps'),
    }
  } catch (error) {
    throw bad((error as Error).message)
  }
}

const recorded: Parser<RecordedBytes> = (value, path) => {
  const { header, record: encoded } = record(value, path)
  return { header: exact(header, `${path}.header`), record: exact(encoded, `${path}.record`) }
}

const step: Parser<FinalityProof['steps'][number]> = (value, path) => {
  const { validators, certificate } = record(value, path)
  const set = optional(exact)(validators ?? undefined, `${path}.validators`)
  return {
    ...recorded(value, path),
    validators: set && decodeValidators(set),
    certificate: decodeCertificate(exact(certificate, `${path}.certificate`)),
  }
}

function bad(detail: string): AppError {
  return new AppError({ code: 'rpc/bad-proof', message: `the proof does not hold: ${detail}` })
}

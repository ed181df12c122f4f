/** Encodes a block with the certificate that decided it: for the log, and for nodes that are behind. */

import type { Certificate } from './consensus/messages.ts'
import { decodeCertificate, encodeCertificate } from './consensus/travelling-block.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from './ledger/rlp.ts'

/** What proves a block and the one before it. */
export interface BlockProofs {
  /** Of the block, as this node has it. */
  readonly proof: Certificate
  /** Of its parent, as the block brought it; the first block brings none. */
  readonly parentProof: Certificate | undefined
}

/** A block as it was proposed, and its certificate. */
export interface DecidedBlock {
  readonly block: Uint8Array
  readonly certificate: Certificate
}

/** The bytes of the proofs of a block. */
export function encodeProofs({ proof, parentProof }: BlockProofs): Uint8Array {
  const parent = parentProof ? [encodeCertificate(parentProof)] : []
  return encodeRlp([encodeCertificate(proof), ...parent])
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
export function decodeProofs(bytes: Uint8Array): BlockProofs {
  const [proof, parent] = rlpList(decodeRlp(bytes), 'the proofs of a block')
  return {
    proof: decodeCertificate(rlpBytes(proof, 'the certificate')),
    parentProof: parent && decodeCertificate(rlpBytes(parent, "the parent's certificate")),
  }
}

/** The bytes that are given to a node that is behind. */
export function encodeDecidedBlock({ block, certificate }: DecidedBlock): Uint8Array {
  return encodeRlp([block, encodeCertificate(certificate)])
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
export function decodeDecidedBlock(bytes: Uint8Array): DecidedBlock {
  const [block, certificate] = rlpList(decodeRlp(bytes), 'the decided block', 2)
  return {
    block: rlpBytes(block, 'the block'),
    certificate: decodeCertificate(rlpBytes(certificate, 'the certificate')),
  }
}

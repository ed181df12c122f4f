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
  /** Quorums of prevotes of its height that this node saw; logs of older versions have none. */
  readonly polkas: readonly Certificate[]
}

/** A block as it was proposed, and its certificate. */
export interface DecidedBlock {
  readonly block: Uint8Array
  readonly certificate: Certificate
}

/** The bytes of the proofs of a block. */
export function encodeProofs({ proof, parentProof, polkas }: BlockProofs): Uint8Array {
  const parent = parentProof ? encodeCertificate(parentProof) : new Uint8Array()
  return encodeRlp([encodeCertificate(proof), parent, polkas.map(encodeCertificate)])
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
export function decodeProofs(bytes: Uint8Array): BlockProofs {
  const [proof, parent, polkas] = rlpList(decodeRlp(bytes), 'the proofs of a block')
  const parentBytes = parent && rlpBytes(parent, "the parent's certificate")
  return {
    proof: decodeCertificate(rlpBytes(proof, 'the certificate')),
    parentProof: parentBytes?.length ? decodeCertificate(parentBytes) : undefined,
    polkas: polkas
      ? rlpList(polkas, 'the polkas').map((one) => decodeCertificate(rlpBytes(one, 'a polka')))
      : [],
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

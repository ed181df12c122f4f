/** Encodes a block as validators propose it: with the certificate of its parent, which its record names. */

import type { Block } from '../ledger/block.ts'
import { decodeBlock, encodeBlock } from '../ledger/block-codec.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpBytes, rlpList } from '../ledger/rlp.ts'
import { readCertificate, writeCertificate } from './bft/message-fields.ts'
import type { Certificate } from './messages.ts'

/** A block on its way. */
export interface TravellingBlock {
  readonly block: Block
  /** Of the parent; the first block has none. */
  readonly parentProof: Certificate | undefined
}

/** RLP values of a certificate of the largest set, and more. */
const maxCertificateValues = 2_048

/** The list of the block's encoding and, where there is one, the certificate. */
export function encodeTravellingBlock({ block, parentProof }: TravellingBlock): Uint8Array {
  const proof = parentProof ? [writeCertificate(parentProof)] : []
  return encodeRlp([encodeBlock(block), ...proof])
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `ledger/bad-transaction`, `consensus/bad-message` */
export function decodeTravellingBlock(bytes: Uint8Array): TravellingBlock {
  const [block, proof] = rlpList(decodeRlp(bytes, maxCertificateValues), 'the proposed block')
  return {
    block: decodeBlock(rlpBytes(block, 'block')),
    parentProof: proof === undefined ? undefined : readCertificate(proof),
  }
}

/** The bytes of a certificate, as they are stored and hashed. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  return encodeRlp(writeCertificate(certificate))
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  return readCertificate(decodeRlp(bytes, maxCertificateValues) as RlpValue)
}

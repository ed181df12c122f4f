/** Says what is wrong with the proofs of blobs. */

import { areBlobProofs, areCellProofs } from '../../../crypto/blob-proofs.ts'
import type { BlobSidecar } from '../../ledger/blob-sidecar.ts'

/** In geth's words; `undefined` if they hold. */
export function proofFault(sidecar: BlobSidecar): string | undefined {
  const holds = sidecar.version === 0 ? areBlobProofs(sidecar) : areCellProofs(sidecar)
  if (holds) return undefined
  const what = sidecar.version === 0 ? 'invalid blob proof: ' : ''
  return `KZG verification error: ${what}can't verify opening proof`
}

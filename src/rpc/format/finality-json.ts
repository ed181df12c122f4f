/** Shows proofs of finality in JSON. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import {
  encodeValidators,
  type FinalityProof,
  type RecordedBytes,
} from '../../chain/consensus/finality-proof.ts'
import { encodeCertificate } from '../../chain/consensus/travelling-block.ts'

/** The proof as `verifyFinality` reads it. */
export function finalityJson({ start, steps }: FinalityProof) {
  return {
    start: recordedJson(start),
    steps: steps.map((step) => ({
      ...recordedJson(step),
      validators: step.validators ? toHex(encodeValidators(step.validators)) : null,
      certificate: toHex(encodeCertificate(step.certificate)),
    })),
  } satisfies Json
}

function recordedJson({ header, record }: RecordedBytes) {
  return { header: toHex(header), record: toHex(record) }
}

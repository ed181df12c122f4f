/** Runs in a worker thread: checks the proofs of the blobs that it is given, one transaction after the other. */

import { parentPort } from 'node:worker_threads'
import type { BlobSidecar } from '../../ledger/blob-sidecar.ts'
import { proofFault } from './proof-fault.ts'

parentPort?.on('message', (sidecar: BlobSidecar) => {
  parentPort?.postMessage(proofFault(sidecar))
})

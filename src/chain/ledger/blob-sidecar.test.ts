/** Checks the form in which blob transactions are sent, of both versions, and that what does not belong is refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../base/bytes.ts'
import {
  type BlobSidecar,
  blobVersionedHash,
  decodeNetworkTransaction,
  encodeNetworkTransaction,
} from './blob-sidecar.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpList } from './rlp.ts'
import { encodeTransaction, signTransaction } from './transaction-codec.ts'

const key = new Uint8Array(32).fill(0x46)
const point = (byte: number) => new Uint8Array(48).fill(byte)
const commitments = [point(1), point(2)]
const transaction = signTransaction(
  {
    ...{ type: 3, chainId: 1n, nonce: 0n, gasLimit: 21_000n, to: new Uint8Array(20), value: 0n },
    ...{ data: new Uint8Array(), maxFeePerGas: 2n, maxPriorityFeePerGas: 1n, accessList: [] },
    ...{ maxFeePerBlobGas: 1n, blobVersionedHashes: commitments.map(blobVersionedHash) },
  },
  key,
)
const blobs = [new Uint8Array(131_072), new Uint8Array(131_072).fill(1)]
const sidecar: BlobSidecar = { version: 0, blobs, commitments, proofs: [point(3), point(4)] }
const cells: BlobSidecar = { ...sidecar, version: 1, proofs: Array(256).fill(point(5)) }

const send = (changed: Partial<BlobSidecar>, from = sidecar) =>
  encodeNetworkTransaction({ transaction, sidecar: { ...from, ...changed } })
const refused = (bytes: Uint8Array, message: RegExp) =>
  assert.throws(() => decodeNetworkTransaction(bytes), { code: 'ledger/bad-transaction', message })

/** The parts of what is sent, changed by hand. */
function altered(raw: Uint8Array, change: (parts: RlpValue[]) => void): Uint8Array {
  const parts = [...rlpList(decodeRlp(raw.subarray(1)), 'parts')]
  change(parts)
  return new Uint8Array([3, ...encodeRlp(parts)])
}

test('the hash of a commitment is its SHA-256 with the version in front (EIP-4844)', () => {
  assert.equal(
    toHex(blobVersionedHash(new Uint8Array(48))),
    '0x01b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1',
  )
})

test('both versions of a sidecar come back as they were', () => {
  for (const one of [sidecar, cells]) {
    const raw = encodeNetworkTransaction({ transaction, sidecar: one })
    assert.deepEqual(decodeNetworkTransaction(raw), { transaction, sidecar: one })
  }
  const parts = rlpList(decodeRlp(send({}, cells).subarray(1)), 'parts')
  assert.deepEqual(parts[1], Uint8Array.of(1))
  assert.equal(parts.length, 5)
})

test('a transaction without blobs beside it is read as blocks hold it', () => {
  const raw = encodeTransaction(transaction)
  assert.deepEqual(decodeNetworkTransaction(raw), { transaction, sidecar: undefined })
  assert.deepEqual(encodeNetworkTransaction({ transaction, sidecar: undefined }), raw)
})

test('blobs, commitments and proofs must be as many as the transaction names', () => {
  refused(send({ blobs: blobs.slice(1) }), /1 blobs and 2 commitments, not 2/)
  refused(send({ commitments: [...commitments, point(9)] }), /2 blobs and 3 commitments, not 2/)
  refused(send({ proofs: [point(3)] }), /1 proofs of its blobs, not 2/)
  refused(send({ version: 1 }), /2 proofs of its blobs, not 256/)
  refused(send({ version: 0 }, cells), /256 proofs of its blobs, not 2/)
})

test('each part must have its length, and each commitment its hash in the transaction', () => {
  refused(send({ blobs: blobs.with(0, new Uint8Array(131_071)) }), /a blob has 131071 bytes/)
  refused(send({ proofs: [point(3), new Uint8Array(47)] }), /a proof has 47 bytes, not 48/)
  refused(send({ commitments: commitments.toReversed() }), /commitment 0 is not that of its blob/)
})

test('another version, another number of parts and another form are refused', () => {
  const version = (value: RlpValue) =>
    altered(send({}, cells), (parts) => parts.splice(1, 1, value))
  for (const value of [0, 2])
    refused(version(Uint8Array.of(value)), /version of its blobs is not 1/)
  refused(version(new Uint8Array()), /version of its blobs is not 1/)
  refused(version([]), /the version is not bytes/)
  refused(
    altered(send({}), (parts) => parts.pop()),
    /2 parts follow/,
  )
  refused(
    altered(send({}, cells), (parts) => parts.push([])),
    /5 parts follow/,
  )
  refused(Uint8Array.of(3, 0x80), /is no list/)
  refused(Uint8Array.of(3, 0xc1, 0xc0), /0 parts follow|has 0 items/)
})

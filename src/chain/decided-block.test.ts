/** Encodes what proves a block, and reads what older versions have written of it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Certificate } from './consensus/messages.ts'
import { encodeCertificate } from './consensus/travelling-block.ts'
import { decodeProofs, encodeProofs } from './decided-block.ts'
import { encodeRlp } from './ledger/rlp.ts'

const certificate = (type: 'commit' | 'polka', round: number): Certificate => ({
  ...{ type, instance: 0, height: 9n, round, value: new Uint8Array(32).fill(1), validRound: -1 },
  ...{
    signers: Uint8Array.of(7),
    signatures: [1, 2, 3].map((byte) => new Uint8Array(64).fill(byte)),
  },
})
const [proof, parentProof] = [certificate('commit', 2), certificate('commit', 0)]
const polkas = [certificate('polka', 0), certificate('polka', 2)]

test('the proofs of a block are read as they were written', () => {
  for (const proofs of [
    { proof, parentProof, polkas },
    { proof, parentProof, polkas: [] },
    { proof, parentProof: undefined, polkas },
    { proof, parentProof: undefined, polkas: [] },
  ]) {
    assert.deepEqual(decodeProofs(encodeProofs(proofs)), proofs)
  }
})

test('proofs of logs from before polkas were stored have none', () => {
  const [own, parent] = [encodeCertificate(proof), encodeCertificate(parentProof)]
  assert.deepEqual(decodeProofs(encodeRlp([own, parent])), { proof, parentProof, polkas: [] })
  const first = { proof, parentProof: undefined, polkas: [] }
  assert.deepEqual(decodeProofs(encodeRlp([own])), first)
})

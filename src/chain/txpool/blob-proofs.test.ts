/** Checks that proofs of blobs are checked in a thread, in order, and how it goes on when there is none. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { AppError } from '../../base/app-error.ts'
import { silentLogger } from '../../base/logger.ts'
import { powersInG1 } from '../../crypto/blob-setup.ts'
import type { BlobSidecar } from '../ledger/blob-sidecar.ts'
import { BlobProofs } from './blob-proofs.ts'

// A polynomial that is 1 everywhere is committed to by the generator, and what is left of it by that at infinity.
const blob = new Uint8Array(131_072).map((_, at) => (at % 32 === 31 ? 1 : 0))
const commitment = Uint8Array.fromHex(powersInG1[0] ?? '')
const infinity = Uint8Array.from({ length: 48 }, (_, at) => (at === 0 ? 0xc0 : 0))
const cellProofs: readonly Uint8Array[] = Array(128).fill(infinity)
const shared = { blobs: [blob], commitments: [commitment] }
const right: readonly BlobSidecar[] = [
  { version: 0, ...shared, proofs: [infinity] },
  { version: 1, ...shared, proofs: cellProofs },
]
const wrong: readonly (readonly [BlobSidecar, string])[] = [
  [
    { version: 0, ...shared, proofs: [commitment] },
    "KZG verification error: invalid blob proof: can't verify opening proof",
  ],
  [
    { version: 1, ...shared, proofs: cellProofs.with(9, commitment) },
    "KZG verification error: can't verify opening proof",
  ],
]

async function answersOf(proofs: BlobProofs): Promise<void> {
  const told: unknown[] = []
  const tell = (answer: unknown) => void told.push(answer)
  const asked = [...wrong.map(([one]) => one), ...right]
  await Promise.all(asked.map((one) => proofs.check(one).then(tell, tell)))
  const texts = told.map((answer) => answer instanceof AppError && [answer.code, answer.message])
  const refused = wrong.map(([, message]) => ['txpool/blobs', message])
  assert.deepEqual(texts, [...refused, false, false])
}

test('proofs that hold are taken and others refused, in the order in which they came', async (t) => {
  const proofs = new BlobProofs({ logger: silentLogger })
  t.after(() => proofs.stop())
  await answersOf(proofs)
})

test('without its thread it goes on, and says so', async () => {
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
  const broken = new URL('no-such-thread.ts', pathToFileURL(`${import.meta.dirname}/`))
  const proofs = new BlobProofs({ logger }, broken)
  await answersOf(proofs)
  await answersOf(proofs)
  assert.match(warnings.join(), /^the thread for proofs of blobs ended/)
  await proofs.stop()
})

test('no more than can be checked soon are taken, and a stop ends those that wait', async () => {
  const proofs = new BlobProofs({ logger: silentLogger })
  const [sidecar] = right as [BlobSidecar]
  const waiting = Array.from({ length: 32 }, () => proofs.check(sidecar))
  const ends = Promise.allSettled(waiting)
  await assert.rejects(proofs.check(sidecar), { code: 'txpool/full' })
  await proofs.stop()
  for (const end of await ends) assert.equal(end.status, 'rejected')
})

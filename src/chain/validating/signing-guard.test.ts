/** Asks a guard for signatures in and out of order, across restarts and crashes. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { signingKey } from '../../crypto/signatures.ts'
import { proposalSignBytes, voteSignBytes } from '../consensus/sign-bytes.ts'
import { installGuard, readGuard, retireGuard } from '../moved-guard.ts'
import { openSigningGuard } from './signing-guard.ts'

const chainKey = new Uint8Array(32).fill(7)
const key = signingKey('ml-dsa-65', new Uint8Array(32).fill(1))

interface Wanted {
  readonly kind: 'proposal' | 'prevote' | 'precommit'
  readonly height: number
  readonly round: number
  readonly value?: number
  readonly instance?: 0 | 1
  readonly chain?: Uint8Array
}

function bytesOf({ kind, height, round, value = 1, instance = 0, chain = chainKey }: Wanted) {
  const bytes = new Uint8Array(32).fill(value)
  const place = { chainKey: chain, setHash: new Uint8Array(32) }
  const content = { instance, height: BigInt(height), round, validRound: -1, value: bytes }
  if (kind !== 'proposal') return voteSignBytes({ ...content, type: kind }, place)
  return proposalSignBytes({ ...content, partsRoot: bytes, partCount: 1, byteLength: 9 }, place)
}

async function place(t: TestContext) {
  const folder = await mkdtemp(path.join(tmpdir(), 'guard-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'guard')
  return { file, open: () => openSigningGuard({ file, chainKey, sign: key.sign }) }
}

test('places go forward only, and what was signed last is given again', async (t) => {
  const { open } = await place(t)
  const guard = await open()
  const rising: Wanted[] = [
    { kind: 'proposal', height: 1, round: 0 },
    { kind: 'prevote', height: 1, round: 0 },
    { kind: 'precommit', height: 1, round: 0 },
    { kind: 'proposal', height: 1, round: 1 },
    { kind: 'prevote', height: 2, round: 0 },
  ]
  for (const [at, wanted] of rising.entries()) {
    const { signature, onDisk } = guard.sign(bytesOf(wanted))
    await onDisk
    assert.deepEqual(guard.sign(bytesOf(wanted)).signature, signature)
    for (const before of rising.slice(0, at)) {
      assert.throws(() => guard.sign(bytesOf(before)), { code: 'consensus/would-sign-twice' })
    }
    const other = bytesOf({ ...wanted, value: 9 })
    assert.throws(() => guard.sign(other), { code: 'consensus/would-sign-twice' })
  }
  assert.equal(guard.highest(0)?.height, 2n)
  assert.equal(guard.highest(1), undefined)
  await guard.close()
})

test('blocks and checkpoints have places of their own', async (t) => {
  const { open } = await place(t)
  const guard = await open()
  await guard.sign(bytesOf({ kind: 'precommit', height: 50, round: 3 })).onDisk
  await guard.sign(bytesOf({ kind: 'prevote', height: 2, round: 0, instance: 1 })).onDisk
  const back = bytesOf({ kind: 'prevote', height: 1, round: 0, instance: 1 })
  assert.throws(() => guard.sign(back), { code: 'consensus/would-sign-twice' })
  await guard.close()
})

test('a start goes on where the key stopped', async (t) => {
  const { open } = await place(t)
  const wanted = bytesOf({ kind: 'prevote', height: 3, round: 1 })
  const first = await open()
  const { signature, onDisk } = first.sign(wanted)
  await onDisk
  await first.close()
  const second = await open()
  assert.deepEqual(second.sign(wanted).signature, signature)
  const other = bytesOf({ kind: 'prevote', height: 3, round: 1, value: 2 })
  assert.throws(() => second.sign(other), { code: 'consensus/would-sign-twice' })
  await second.sign(bytesOf({ kind: 'precommit', height: 3, round: 1 })).onDisk
  await second.close()
})

test('other chains, other bytes and damaged files are refused', async (t) => {
  const { file, open } = await place(t)
  const guard = await open()
  const other = bytesOf({ kind: 'prevote', height: 1, round: 0, chain: new Uint8Array(32) })
  assert.throws(() => guard.sign(other), { code: 'consensus/other-chain' })
  const valid = bytesOf({ kind: 'prevote', height: 1, round: 0 })
  const step = valid.slice()
  step[44] = 3
  for (const bytes of [new Uint8Array(), valid.slice(1), step, valid.map((byte) => byte ^ 1)]) {
    assert.throws(() => guard.sign(bytes), { code: 'consensus/not-to-be-signed' })
  }
  await guard.sign(valid).onDisk
  await guard.close()
  const stranger = { file, chainKey: new Uint8Array(32), sign: key.sign }
  await assert.rejects(openSigningGuard(stranger), { code: 'consensus/other-chain' })
  await writeFile(file, new Uint8Array(20_000))
  await assert.rejects(open(), { code: 'store/damaged-file' })
})

test('a guard whose key was moved signs nothing, and what it held goes on elsewhere', async (t) => {
  const { file, open } = await place(t)
  const first = await open()
  const wanted = bytesOf({ kind: 'precommit', height: 9, round: 2 })
  const { onDisk } = first.sign(wanted)
  await onDisk
  await first.close()
  const { bytes, highest } = await readGuard(file)
  assert.equal(highest?.height, 9n)
  await retireGuard(file)
  await assert.rejects(open(), { code: 'consensus/key-moved' })
  const other = `${file}-other`
  await installGuard(other, bytes)
  await installGuard(other, bytes)
  const moved = await openSigningGuard({ file: other, chainKey, sign: key.sign })
  const before = bytesOf({ kind: 'prevote', height: 9, round: 2 })
  assert.throws(() => moved.sign(before), { code: 'consensus/would-sign-twice' })
  await moved.sign(bytesOf({ kind: 'prevote', height: 10, round: 0 })).onDisk
  await moved.close()
  // Back to where it was, but not with what it held before.
  await assert.rejects(installGuard(other, bytes), { code: 'consensus/guard-in-use' })
  await installGuard(file, (await readGuard(other)).bytes)
  await (await open()).close()
  await retireGuard(file)
  await assert.rejects(installGuard(file, bytes), { code: 'consensus/guard-in-use' })
})

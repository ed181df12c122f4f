/** Opens a validator whose crash came between its guard and its log. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { signingKey } from '../../crypto/signatures.ts'
import { encodeMessage, signedMessage } from '../consensus/message-codec.ts'
import type { ProposalContent, VoteContent } from '../consensus/messages.ts'
import { proposalSignBytes, readSignBytes, voteSignBytes } from '../consensus/sign-bytes.ts'
import { openValidatorSigner, openValidatorSigners } from './validator-signer.ts'

const [chainKey, setHash] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const value = new Uint8Array(32).fill(3)
const vote = (type: VoteContent['type'], validRound = -1): VoteContent => {
  return { instance: 0, type, height: 5n, round: 2, validRound, value }
}

test('what the guard alone has signed is told with what the log has', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'signer-'))
  t.after(() => rm(folder, { recursive: true }))
  const options = {
    key: signingKey('ed25519', new Uint8Array(32).fill(9)),
    guardFile: path.join(folder, 'guard'),
  }
  const place = { folder, chainKey, logger: silentLogger }
  const first = await openValidatorSigner(options, place)
  assert.equal(first.logged, undefined)
  const prevote = { kind: 'vote', content: vote('prevote') } as const
  const { signature, onDisk } = first.guard.sign(
    voteSignBytes(prevote.content, { chainKey, setHash }),
  )
  await onDisk
  const message = encodeMessage(signedMessage(prevote, { validatorIndex: 0, signature }))
  await first.log.append(5n, [{ kind: 'signed', message }])
  const precommit = first.guard.sign(voteSignBytes(vote('precommit'), { chainKey, setHash }))
  await precommit.onDisk
  await first.close()
  const second = await openValidatorSigner(options, place)
  assert.equal(second.logged?.messages.length, 1)
  assert.deepEqual(second.logged?.last, {
    unsigned: { kind: 'vote', content: vote('precommit') },
    signature: precommit.signature,
  })
  await second.close()
})

test('the first that is signed of a height is told though the log has nothing of it', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'signer-'))
  t.after(() => rm(folder, { recursive: true }))
  const options = {
    key: signingKey('ed25519', new Uint8Array(32).fill(9)),
    guardFile: path.join(folder, 'guard'),
  }
  const place = { folder, chainKey, logger: silentLogger }
  const first = await openValidatorSigner(options, place)
  await first.log.begin(5n)
  const content = vote('prevote')
  await first.guard.sign(voteSignBytes(content, { chainKey, setHash })).onDisk
  await first.close()
  const second = await openValidatorSigner(options, place)
  assert.equal(second.logged?.height, 5n)
  assert.deepEqual(second.logged?.last?.unsigned, { kind: 'vote', content })
  await second.close()
})

test('what was signed is read again from its bytes', () => {
  const votes = [
    ...[vote('prevote'), vote('prevote', 1), vote('precommit')],
    ...[
      { ...vote('prevote'), value: undefined },
      { ...vote('precommit'), value: undefined },
    ],
  ]
  for (const content of votes) {
    const bytes = voteSignBytes(content, { chainKey, setHash })
    assert.deepEqual(readSignBytes(bytes), { kind: 'vote', content })
  }
  const content: ProposalContent = {
    ...{ instance: 1, height: 2n ** 40n, round: 7, validRound: 3, value },
    ...{ partsRoot: setHash, partCount: 300, byteLength: 70_000 },
  }
  const bytes = proposalSignBytes(content, { chainKey, setHash })
  assert.deepEqual(readSignBytes(bytes), { kind: 'proposal', content })
  assert.equal(readSignBytes(bytes.subarray(1)), undefined)
})

test('a key that nobody has named for a chain is that of the first that has it', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'signer-'))
  t.after(() => rm(folder, { recursive: true }))
  const options = {
    key: signingKey('ed25519', new Uint8Array(32).fill(9)),
    ...{ guardFile: path.join(folder, 'guard'), isAnybodys: true },
  }
  const place = { folder, chainKey, logger: silentLogger }
  const [first] = await openValidatorSigners([options], place)
  assert.ok(first)
  const other = { ...place, chainKey: setHash }
  assert.deepEqual(await openValidatorSigners([options], other), [])
  await first.close()
  assert.deepEqual(await openValidatorSigners([options], other), [])
  const named = openValidatorSigners([{ ...options, isAnybodys: false }], other)
  await assert.rejects(named, { code: 'consensus/other-chain' })
  const [again] = await openValidatorSigners([options], place)
  await again?.close()
  assert.ok(again)
})

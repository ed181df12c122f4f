/** Checks the layouts that are signed, byte for byte. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProposalContent, VoteContent } from './messages.ts'
import { helloSignBytes, proposalSignBytes, voteSignBytes } from './sign-bytes.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const place = { chainKey: hash(0xcc), setHash: hash(0x55) }
const text = (words: string) => Buffer.from(words, 'latin1').toString('hex')
const vote: VoteContent = {
  ...{ instance: 0, type: 'prevote', height: 0x0102030405060708n, round: 9 },
  ...{ validRound: 3, value: hash(0xaa) },
}
const proposal: ProposalContent = {
  ...{ instance: 1, height: 7n, round: 2, validRound: -1, value: hash(0xaa) },
  ...{ partsRoot: hash(0xbb), partCount: 0x0203, byteLength: 0x04050607 },
}

test('a vote is 127 bytes: tag, chain, kind, instance, height, round, valid round, nil, value, set', () => {
  const bytes = voteSignBytes(vote, place)
  assert.equal(bytes.length, 127)
  assert.equal(
    bytes.toHex(),
    [
      ...[text('QS/c/vote/1\0'), 'cc'.repeat(32), '01', '00', '0102030405060708'],
      ...['00000009', '00000004', '00', 'aa'.repeat(32), '55'.repeat(32)],
    ].join(''),
  )
})

test('nil and precommits say no valid round, and nil has a value of zeros', () => {
  const nil = voteSignBytes({ ...vote, value: undefined }, place)
  assert.equal(
    nil.subarray(54, 127).toHex(),
    `0000000900000000${'01'}${'00'.repeat(32)}${'55'.repeat(32)}`,
  )
  const precommit = voteSignBytes({ ...vote, type: 'precommit' }, place)
  assert.equal(precommit[44], 2)
  assert.equal(precommit.subarray(58, 62).toHex(), '00000000')
})

test('a proposal is 163 bytes: tag, chain, instance, height, round, valid round, block, parts, set', () => {
  const bytes = proposalSignBytes(proposal, place)
  assert.equal(bytes.length, 163)
  assert.equal(
    bytes.toHex(),
    [
      ...[text('QS/c/prop/1\0'), 'cc'.repeat(32), '01', '0000000000000007', '00000002'],
      ...['00000000', 'aa'.repeat(32), 'bb'.repeat(32), '0203', '04050607', '55'.repeat(32)],
    ].join(''),
  )
})

test('a hello is 108 bytes: tag, chain, session, node', () => {
  const bytes = helloSignBytes({ chainKey: hash(1), exporter: hash(2), nodeKeyHash: hash(3) })
  assert.equal(bytes.length, 108)
  assert.equal(
    bytes.toHex(),
    `${text('QS/c/hello/1')}${'01'.repeat(32)}${'02'.repeat(32)}${'03'.repeat(32)}`,
  )
})

test('each field of a vote and each part of its place changes the bytes', () => {
  const variants = [
    voteSignBytes(vote, place),
    voteSignBytes({ ...vote, instance: 1 }, place),
    voteSignBytes({ ...vote, type: 'precommit' }, place),
    voteSignBytes({ ...vote, height: 1n }, place),
    voteSignBytes({ ...vote, round: 10 }, place),
    voteSignBytes({ ...vote, validRound: -1 }, place),
    voteSignBytes({ ...vote, value: hash(0xab) }, place),
    voteSignBytes({ ...vote, value: undefined }, place),
    voteSignBytes(vote, { ...place, chainKey: hash(1) }),
    voteSignBytes(vote, { ...place, setHash: hash(1) }),
  ].map((bytes) => bytes.toHex())
  assert.equal(new Set(variants).size, variants.length)
})

test('what does not fit a field is refused', () => {
  const refused = { code: 'consensus/bad-layout' }
  assert.throws(() => voteSignBytes({ ...vote, value: hash(1).subarray(1) }, place), refused)
  assert.throws(() => voteSignBytes({ ...vote, height: 2n ** 64n }, place), refused)
  assert.throws(() => voteSignBytes({ ...vote, round: -1 }, place), refused)
  assert.throws(() => voteSignBytes(vote, { ...place, chainKey: new Uint8Array() }), refused)
  assert.throws(() => proposalSignBytes({ ...proposal, partCount: 65_536 }, place), refused)
})

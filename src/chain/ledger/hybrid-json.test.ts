/** Checks what a manifest says about work with a committee: its defaults, its one text, and that every wrong field is named. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestToJson, parseManifest } from './manifest-codec.ts'

const genesis = {
  ...{ timestamp: '0', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
  accounts: [],
}
const account = (byte: string) => `0x${byte.repeat(20)}`
const member = {
  ...{ scheme: 'ed25519', publicKey: `0x${'11'.repeat(32)}` },
  ...{ owner: account('aa'), payTo: account('bb') },
}
const parse = (change: object = {}) => {
  const consensus = { engine: 'hybrid', validators: [member], ...change }
  const head = { version: 1, name: 'work', chainId: '20251', hardfork: 'osaka' }
  return parseManifest(JSON.stringify({ ...head, consensus, genesis }))
}

test('every default is written out, and what is written is read again', () => {
  const { consensus } = JSON.parse(manifestToJson(parse()))
  const easiest = String(2n ** 246n - 1n)
  assert.deepEqual(consensus, {
    ...{ engine: 'hybrid', blockTimeMs: 15_000, seal: 'keccak', halfLifeSeconds: 3_600 },
    ...{ startTarget: easiest, easiestTarget: easiest, issuanceWei: '2000000000000000000' },
    ...{ halving: 8_409_600, maxReorg: 128, futureMs: 15_000, checkpointEvery: 16, buriedBy: 6 },
    validators: [{ ...member, weight: '1' }],
    ...{ owner: 'members', maxValidators: 128, maxTimeoutMs: 30_000 },
    timeouts: {
      propose: { baseMs: 500, deltaMs: 250 },
      prevote: { baseMs: 250, deltaMs: 125 },
      precommit: { baseMs: 250, deltaMs: 125 },
    },
    ...{ finalityRewardWei: '100000000000000000', committeeRewardWei: '2000000000000000000' },
  })
  assert.deepEqual(parse(consensus), parse())
})

const wrong: readonly (readonly [field: string, change: object])[] = [
  ['checkpointEvery', { checkpointEvery: 6 }],
  ['checkpointEvery', { checkpointEvery: '16' }],
  ['buriedBy', { buriedBy: 0 }],
  ['maxReorg', { maxReorg: 37 }],
  ['validators', { validators: [] }],
  ['validators', { validators: undefined }],
  ['validators[0].weight', { validators: [{ ...member, weight: '0' }] }],
  ['validators[0].owner', { validators: [{ ...member, owner: undefined }] }],
  ['validators[1].publicKey', { validators: [member, member] }],
  ['maxValidators', { maxValidators: 0 }],
  ['owner', { owner: account('00') }],
  ['timeouts.propose.deltaMs', { timeouts: { propose: { deltaMs: 0 } } }],
  ['maxTimeoutMs', { maxTimeoutMs: 400 }],
  ['finalityRewardWei', { finalityRewardWei: String(2n ** 64n * 10n ** 9n) }],
  ['safeDepth', { safeDepth: 3 }],
  ['finalizedDepth', { finalizedDepth: 200 }],
]

for (const [field, change] of wrong) {
  test(`${field} is refused by name: ${JSON.stringify(change).slice(0, 60)}`, () => {
    assert.throws(
      () => parse(change),
      ({ code, message }) => code === 'ledger/bad-manifest' && message.includes(field),
    )
  })
}

/** Checks what a manifest says about chains that stakes and delegates vote on: defaults, one text, and every wrong field. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chainKey, manifestToJson, parseManifest } from './manifest-codec.ts'

const genesis = {
  ...{ timestamp: '0', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
  accounts: [] as unknown[],
}
const address = (byte: string) => `0x${byte.repeat(20)}`
const key = (byte: string) => ({
  ...{ scheme: 'ed25519', publicKey: `0x${byte.repeat(32)}`, payTo: address(byte) },
  owner: address('99'),
})
const staker = (byte: string, change: object = {}) => {
  const commitment = `0x${'cc'.repeat(32)}`
  return { ...key(byte), stakeWei: String(10n ** 18n), commitment, ...change }
}
const delegate = (byte: string, change: object = {}) => {
  return { ...key(byte), name: `delegate ${byte}`, ownVotesWei: String(10n ** 9n), ...change }
}
const manifestOf = (consensus: object) => ({
  ...{ version: 1, name: 'stakes', chainId: '20251', hardfork: 'osaka', consensus, genesis },
})
const pos = (change: object = {}) =>
  manifestOf({ engine: 'pos', validators: [staker('01')], ...change })
const dpos = (change: object = {}) =>
  manifestOf({ engine: 'dpos', validators: [delegate('01')], ...change })
const parse = (value: unknown) => parseManifest(JSON.stringify(value))
const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => parse(value), { code: 'ledger/bad-manifest', message })

const voted = {
  ...{ blockTimeMs: 1_000, maxTimeoutMs: 30_000, emptyBlocks: 'always', absence: true },
  timeouts: {
    propose: { baseMs: 500, deltaMs: 250 },
    prevote: { baseMs: 250, deltaMs: 125 },
    precommit: { baseMs: 250, deltaMs: 125 },
  },
  ...{ buildLeadMs: 200, futureMs: 500, evidenceHeights: 604_800 },
  ...{ maxCandidates: 1_024, issuanceWei: '0' },
}

describe('every default is written out, so that it is part of the key', () => {
  test('of stakes', () => {
    const { consensus } = JSON.parse(manifestToJson(parse(pos())))
    assert.deepEqual(consensus, {
      ...{ engine: 'pos', ...voted, maxValidators: 128, epochLength: 120 },
      ...{ minStakeWei: String(10n ** 18n), unbondingSeconds: 604_800 },
      slash: { doubleSignBps: 500, correlation: 3 },
      validators: [staker('01', { commissionBps: 0 })],
    })
    const whole = pos(consensus)
    assert.deepEqual(parse(whole), parse(pos()))
    assert.deepEqual(chainKey(parse(whole)), chainKey(parse(pos())))
    assert.notDeepEqual(chainKey(parse(pos({ epochLength: 5 }))), chainKey(parse(pos())))
  })

  test('of delegates', () => {
    const { consensus } = JSON.parse(manifestToJson(parse(dpos())))
    assert.deepEqual(consensus, {
      ...{ engine: 'dpos', ...voted, active: 21, standby: 2 },
      ...{ minStandbyWei: String(10n ** 18n), registrationFeeWei: String(10n ** 19n) },
      ...{ unlockSeconds: 604_800, ownUnlockSeconds: 2_592_000 },
      ...{ slashBps: 1_000, banSeconds: 2_592_000 },
      validators: [delegate('01', { commissionBps: 0 })],
    })
    assert.deepEqual(parse(dpos(consensus)), parse(dpos()))
  })

  test('but some follow from others', () => {
    const large = { scheme: 'ml-dsa-65', publicKey: `0x${'05'.repeat(1_952)}` }
    const { consensus } = parse(
      pos({ validators: [staker('05', large)], unbondingSeconds: 1_000, blockTimeMs: 3_000 }),
    )
    assert.ok(consensus.engine === 'pos')
    assert.deepEqual([consensus.maxValidators, consensus.evidenceHeights], [32, 334])
    const other = parse(dpos({ unlockSeconds: 1_000, feeSink: address('22') })).consensus
    assert.ok(other.engine === 'dpos' && other.feeSink)
    assert.equal(other.evidenceHeights, 1_000)
  })
})

const ofAll: readonly (readonly [field: string, change: object])[] = [
  ['blockTimeMs', { blockTimeMs: 999 }],
  ['blockTimeMs', { blockTimeMs: '1000' }],
  ['buildLeadMs', { buildLeadMs: 1_000 }],
  ['futureMs', { futureMs: 199 }],
  ['maxTimeoutMs', { maxTimeoutMs: 400 }],
  ['emptyBlocks', { emptyBlocks: 'never' }],
  ['absence', { absence: 1 }],
  ['timeouts', { timeouts: { vote: {} } }],
  ['timeouts\\.propose', { timeouts: { propose: { ms: 1 } } }],
  ['timeouts\\.propose\\.baseMs', { timeouts: { propose: { baseMs: 0 } } }],
  ['timeouts\\.prevote\\.deltaMs', { timeouts: { prevote: { deltaMs: 0 } } }],
  ['evidenceHeights', { evidenceHeights: 604_799 }],
  ['evidenceHeights', { evidenceHeights: 2 ** 31 + 1 }],
  ['feeSink', { feeSink: '0x22' }],
  ['validators', { validators: [] }],
  ['validators', { validators: 7 }],
  ['maxCandidates', { maxCandidates: 0 }],
  ['maxCandidates', { maxCandidates: 1_025 }],
  ['issuanceWei', { issuanceWei: String(10n ** 23n + 1n) }],
]
const badKeys: readonly (readonly [field: string, change: object])[] = [
  ['scheme', { scheme: 'rsa' }],
  ['publicKey', { publicKey: '0x01' }],
  ['payTo', { payTo: address('00') }],
  ['owner', { owner: address('00') }],
  ['owner', { owner: undefined }],
  ['commissionBps', { commissionBps: 10_001 }],
]
const ofPos: typeof ofAll = [
  ['epochLength', { epochLength: 1 }],
  ['epochLength', { epochLength: 100_001 }],
  ['minStakeWei', { minStakeWei: '999999999' }],
  ['minStakeWei', { minStakeWei: String(2n ** 56n * 10n ** 9n) }],
  ['unbondingSeconds', { unbondingSeconds: 119 }],
  ['unbondingSeconds', { unbondingSeconds: 1.5 }],
  ['slash', { slash: { tripleSignBps: 1 } }],
  ['slash\\.doubleSignBps', { slash: { doubleSignBps: 10_001 } }],
  ['slash\\.correlation', { slash: { correlation: 65_536 } }],
  ['maxValidators', { maxValidators: 129 }],
  ['maxValidators', { maxValidators: 1, validators: [staker('01'), staker('02')] }],
  ['maxCandidates', { maxCandidates: 1, validators: [staker('01'), staker('02')] }],
  ['validators\\[1\\]\\.publicKey', { validators: [staker('01'), staker('01')] }],
  ['validators\\[0\\]\\.stakeWei', { validators: [staker('01', { stakeWei: '1000000000' })] }],
  ['validators\\[0\\]\\.commitment', { validators: [staker('01', { commitment: '0x01' })] }],
  ['validators\\[0\\]', { validators: [staker('01', { weight: '1' })] }],
]
const five = ['01', '02', '03', '04', '05'].map((byte) => delegate(byte))
const ofDpos: typeof ofAll = [
  ['active', { active: 3 }],
  ['active', { active: 129 }],
  ['standby', { active: 127 }],
  ['minStandbyWei', { minStandbyWei: '-1' }],
  ['registrationFeeWei', { registrationFeeWei: String(2n ** 96n) }],
  ['unlockSeconds', { unlockSeconds: 22 }],
  ['ownUnlockSeconds', { ownUnlockSeconds: 604_799 }],
  ['slashBps', { slashBps: 10_001 }],
  ['banSeconds', { banSeconds: '5' }],
  ['validators', { active: 4, standby: 0, validators: five }],
  ['maxCandidates', { maxCandidates: 4, validators: five }],
  ['validators\\[0\\]\\.ownVotesWei', { validators: [delegate('01', { ownVotesWei: '1' })] }],
  ['validators\\[0\\]\\.name', { validators: [delegate('01', { name: '' })] }],
  ['validators\\[0\\]\\.name', { validators: [delegate('01', { name: 'é'.repeat(17) })] }],
  ['validators\\[0\\]\\.name', { validators: [delegate('01', { name: '\ud800' })] }],
  [
    'validators\\[1\\]\\.name',
    { validators: [delegate('01', { name: 'one' }), delegate('02', { name: 'one' })] },
  ],
]
for (const [engine, make, founder, own] of [
  ['pos', pos, staker, ofPos],
  ['dpos', dpos, delegate, ofDpos],
] as const) {
  const ofKeys = badKeys.map(([field, change]) => {
    return [`validators\\[0\\]\\.${field}`, { validators: [founder('01', change)] }] as const
  })
  for (const [field, change] of [...ofAll, ...ofKeys, ...own]) {
    test(`${engine}: a wrong ${field} is refused by its name: ${JSON.stringify(change).slice(0, 90)}`, () => {
      refused(make(change), new RegExp(`^manifest: consensus\\.${field} `))
    })
  }

  test(`${engine}: what the engine says itself, and strangers, are refused`, () => {
    refused(make({ halving: 5 }), /consensus has the unknown field "halving"/)
    const withGenesis = (change: object) => ({ ...make(), genesis: { ...genesis, ...change } })
    refused(withGenesis({ extraData: '0x01' }), /genesis\.extraData/)
    refused(withGenesis({ difficulty: '1' }), /genesis\.difficulty follows from/)
    const hash = `0x${'01'.repeat(32)}`
    const parent = { chain: hash, number: '1', hash, stateRoot: hash }
    refused({ ...make(), parent }, new RegExp(`parent is not for ${engine}`))
  })
}

/** Checks what a manifest says about proof of work: its defaults, its one text, and that every wrong field is named. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainKey, manifestToJson, parseManifest } from './manifest-codec.ts'

const genesis = {
  ...{ timestamp: '0', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
  accounts: [],
}
const manifest = {
  ...{ version: 1, name: 'work', chainId: '20251', hardfork: 'osaka' },
  ...{ consensus: { engine: 'pow' }, genesis },
}

const withConsensus = (change: object) => ({
  ...manifest,
  consensus: { ...manifest.consensus, ...change },
})
const parse = (value: unknown) => parseManifest(JSON.stringify(value))
const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => parse(value), { code: 'ledger/bad-manifest', message })

test('every default is written out, so that it is part of the key', () => {
  const { consensus } = JSON.parse(manifestToJson(parse(manifest)))
  const easiest = String(2n ** 246n - 1n)
  assert.deepEqual(consensus, {
    ...{ engine: 'pow', blockTimeMs: 15_000, seal: 'keccak', halfLifeSeconds: 3_600 },
    ...{ startTarget: easiest, easiestTarget: easiest, issuanceWei: '2000000000000000000' },
    ...{ halving: 8_409_600, safeDepth: 12, finalizedDepth: 128, maxReorg: 128, futureMs: 15_000 },
  })
  const whole = { ...manifest, consensus }
  assert.deepEqual(parse(whole), parse(manifest))
  assert.deepEqual(chainKey(parse(whole)), chainKey(parse(manifest)))
  const other = withConsensus({ halving: 5 })
  assert.notDeepEqual(chainKey(parse(other)), chainKey(parse(manifest)))
})

test('what is left out follows from what is there', () => {
  const { consensus } = parse(withConsensus({ maxReorg: 200, easiestTarget: '5' }))
  assert.ok(consensus.engine === 'pow')
  assert.equal(consensus.finalizedDepth, 200)
  assert.equal(consensus.startTarget, 5n)
  const feeSink = `0x${'22'.repeat(20)}`
  const paid = parse(withConsensus({ feeSink }))
  assert.equal(JSON.parse(manifestToJson(paid)).consensus.feeSink, feeSink)
})

const wrong: readonly (readonly [field: string, change: object])[] = [
  ['blockTimeMs', { blockTimeMs: 999 }],
  ['blockTimeMs', { blockTimeMs: 1_500 }],
  ['blockTimeMs', { blockTimeMs: '15000' }],
  ['blockTimeMs', { blockTimeMs: 86_401_000 }],
  ['seal', { seal: 'sha256' }],
  ['startTarget', { startTarget: '0' }],
  ['startTarget', { startTarget: '6', easiestTarget: '5' }],
  ['easiestTarget', { easiestTarget: '0' }],
  ['easiestTarget', { easiestTarget: String(2n ** 256n) }],
  ['halfLifeSeconds', { halfLifeSeconds: 14 }],
  ['issuanceWei', { issuanceWei: String(2n ** 64n * 10n ** 9n) }],
  ['halving', { halving: 0 }],
  ['safeDepth', { safeDepth: 129 }],
  ['finalizedDepth', { finalizedDepth: 127 }],
  ['maxReorg', { maxReorg: 0 }],
  ['maxReorg', { maxReorg: 1_025 }],
  ['futureMs', { futureMs: -1 }],
  ['feeSink', { feeSink: '0x22' }],
]
for (const [field, change] of wrong) {
  test(`a wrong ${field} is refused by its name: ${JSON.stringify(change)}`, () => {
    refused(withConsensus(change), new RegExp(`^manifest: consensus\\.${field} `))
  })
}

test('a field that proof of work has no use for is refused', () => {
  refused(withConsensus({ epochLength: 5 }), /consensus has the unknown field "epochLength"/)
  refused({ ...manifest, hardfork: 'london' }, /hardfork must be one of/)
  const withGenesis = (change: object) => ({ ...manifest, genesis: { ...genesis, ...change } })
  refused(withGenesis({ extraData: '0x01' }), /genesis\.extraData/)
  for (const change of [
    { difficulty: '1' },
    { mixHash: `0x${'00'.repeat(32)}` },
    { nonce: '0x0000000000000000' },
    { beneficiary: `0x${'22'.repeat(20)}` },
  ]) {
    refused(withGenesis(change), new RegExp(`genesis\\.${Object.keys(change)} follows from`))
  }
})

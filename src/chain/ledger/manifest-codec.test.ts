/** Checks the canonical text of a manifest and that every wrong field is named. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainKey, manifestToJson, parseManifest } from './manifest-codec.ts'

const address = `0x${'11'.repeat(20)}`
const account = { address, balance: '5', nonce: '1', code: '0x', storage: [['1', '2']] }
const genesis = {
  ...{ timestamp: '0', gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
  accounts: [account],
}
const manifest = {
  ...{ version: 1, name: 'dev', chainId: '20250', hardfork: 'osaka' },
  ...{ consensus: { engine: 'dev', blockTimeMs: 1_000 }, genesis },
}

const parse = (value: unknown) => parseManifest(JSON.stringify(value))
const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => parse(value), { code: 'ledger/bad-manifest', message })
const withGenesis = (change: object) => ({ ...manifest, genesis: { ...genesis, ...change } })
const withAccount = (change: object) => withGenesis({ accounts: [{ ...account, ...change }] })

test('the canonical text has sorted keys, no spaces and every field', () => {
  assert.equal(
    manifestToJson(parse(manifest)),
    '{"chainId":"20250","consensus":{"blockTimeMs":1000,"engine":"dev"},"genesis":{"accounts":[' +
      `{"address":"${address}","balance":"5","code":"0x","nonce":"1","storage":[["1","2"]]}],` +
      '"baseFeePerGas":"7","extraData":"0x","gasLimit":"30000000","timestamp":"0"},' +
      '"hardfork":"osaka","name":"dev","version":1}',
  )
})

test('small numbers may be JSON numbers, and defaults left out, without changing the key', () => {
  const lean = { address: address.toUpperCase().replace('0X', '0x'), balance: 5, nonce: 1 }
  const other = withGenesis({ timestamp: 0, accounts: [{ ...lean, storage: [[1, '2']] }] })
  assert.deepEqual(chainKey(parse(other)), chainKey(parse(manifest)))
  const changed = withAccount({ balance: '6' })
  assert.notDeepEqual(chainKey(parse(changed)), chainKey(parse(manifest)))
})

test('unknown and missing fields are named at every level', () => {
  refused({ ...manifest, color: 1 }, /the manifest has the unknown field "color"/)
  refused({ ...manifest, consensus: { engine: 'dev', blockTimeMs: 1, x: 1 } }, /"x"/)
  refused(withGenesis({ alloc: {} }), /genesis has the unknown field "alloc"/)
  refused(withAccount({ nonse: 1 }), /genesis\.accounts\[0\] has the unknown field "nonse"/)
  for (const name of Object.keys(manifest)) {
    refused({ ...manifest, [name]: undefined }, new RegExp(name))
  }
  for (const name of Object.keys(genesis)) {
    refused(withGenesis({ [name]: undefined }), new RegExp(`genesis\\.${name}`))
  }
  refused(withAccount({ address: undefined }), /accounts\[0\]\.address/)
  refused(withAccount({ balance: undefined }), /accounts\[0\]\.balance/)
  assert.throws(() => parseManifest('{"version":1,"__proto__":{}}'), { message: /__proto__/ })
})

test('what is not a manifest at all is refused', () => {
  assert.throws(() => parseManifest(''), { code: 'ledger/bad-manifest', message: /no JSON/ })
  for (const value of [null, 1, 'text', [], [manifest]]) refused(value, /must be an object/)
})

test('values of a wrong type are refused, also those that JavaScript would convert', () => {
  refused({ ...manifest, version: '1' }, /version must be 1/)
  refused({ ...manifest, name: ['dev'] }, /name must be/)
  refused({ ...manifest, name: '../dev' }, /name must be/)
  refused({ ...manifest, hardfork: ['osaka'] }, /hardfork must be one of/)
  refused({ ...manifest, consensus: { engine: 'paw', blockTimeMs: 1 } }, /consensus\.engine/)
  refused({ ...manifest, consensus: { engine: 'dev', blockTimeMs: '1' } }, /consensus\.blockTimeMs/)
  for (const number of [[1], true, null, 1.5, -1, '0x1', '01', ' 1', '1e3', '', '-1', 2 ** 53]) {
    refused(withGenesis({ gasLimit: number }), /genesis\.gasLimit must be a natural number/)
  }
  for (const bytes of [['0x12'], 12, null, '12', '0x1', '0xzz']) {
    refused(withGenesis({ extraData: bytes }), /genesis\.extraData must be bytes/)
  }
  refused(withAccount({ address: '0x12' }), /address must have 20 bytes/)
  refused(withAccount({ storage: {} }), /storage must be a list/)
  for (const pair of ['12', ['1'], ['1', '2', '3'], { 0: '1' }]) {
    refused(withAccount({ storage: [pair] }), /storage must hold pairs/)
  }
  refused(withGenesis({ accounts: {} }), /accounts must be a list/)
})

test('numbers stay within what a chain can hold', () => {
  refused({ ...manifest, chainId: 0 }, /chainId must not be 0/)
  refused({ ...manifest, chainId: String(2n ** 63n - 36n) }, /chainId/)
  assert.equal(parse({ ...manifest, chainId: String(2n ** 63n - 37n) }).chainId, 2n ** 63n - 37n)
  refused({ ...manifest, consensus: { engine: 'dev', blockTimeMs: 86_400_001 } }, /blockTimeMs/)
  refused(withGenesis({ gasLimit: String(2n ** 63n) }), /gasLimit/)
  refused(withGenesis({ gasLimit: 4_999 }), /gasLimit must be at least 5000/)
  refused(withGenesis({ timestamp: String(2n ** 64n) }), /timestamp/)
  refused(withGenesis({ baseFeePerGas: String(2n ** 256n) }), /baseFeePerGas/)
  refused(withGenesis({ extraData: `0x${'00'.repeat(33)}` }), /at most 32 bytes/)
  refused(withAccount({ nonce: String(2n ** 64n - 1n) }), /nonce/)
  refused(withAccount({ balance: String(2n ** 256n) }), /balance/)
  refused(withAccount({ balance: '9'.repeat(100) }), /balance/)
})

test('no account and no slot may be named twice', () => {
  refused(withGenesis({ accounts: [account, account] }), /accounts names 0x1111.* twice/)
  const storage = [
    ['1', '2'],
    [1, '3'],
  ]
  refused(withAccount({ storage }), /storage names slot 1 twice/)
})

const schedule = [
  { hardfork: 'shanghai' },
  { hardfork: 'cancun', block: '5' },
  {
    ...{ hardfork: 'prague', time: '1000' },
    blobs: { target: 1, max: 2, updateFraction: 3 },
    changes: { txGasCap: 50_000 },
  },
  { hardfork: 'prague', time: '2000', blobs: { target: 2, max: 4, updateFraction: 3 } },
]
const { hardfork: _, ...rest } = manifest
const forking = { ...rest, forks: schedule }

test('a schedule of forks comes back as it was, and is a part of the key', () => {
  const read = parse(forking)
  assert.equal(manifestToJson(parseManifest(manifestToJson(read))), manifestToJson(read))
  assert.deepEqual(JSON.parse(manifestToJson(read)).forks, schedule)
  assert.equal(read.forks[2]?.time, 1_000n)
  const other = { ...forking, forks: schedule.slice(0, 3) }
  assert.notDeepEqual(chainKey(parse(other)), chainKey(read))
  const changed = { ...forking, forks: [{ hardfork: 'osaka', changes: { txGasCap: 1 } }] }
  assert.notDeepEqual(chainKey(parse(changed)), chainKey(parse(manifest)))
})

test('a chain of one fork has one key, however it names it', () => {
  const one = { ...rest, forks: [{ hardfork: 'osaka' }] }
  assert.equal(manifestToJson(parse(one)), manifestToJson(parse(manifest)))
  refused({ ...one, hardfork: 'osaka' }, /forks stands beside hardfork/)
  refused({ ...rest }, /hardfork must be one of/)
})

test('forks that are out of order, unknown or begin twice are refused', () => {
  const forks = (...list: object[]) => ({ ...rest, forks: list })
  refused(forks(), /forks must name at least one/)
  refused({ ...rest, forks: {} }, /forks must be a list/)
  refused(forks({ hardfork: 'osaka', block: 1 }), /forks\[0\] must hold from the first block/)
  refused(forks({ hardfork: 'osaka', time: 0 }), /forks\[0\] must hold from the first block/)
  refused(forks({ hardfork: 'london' }), /forks\[0\]\.hardfork must be one of shanghai/)
  refused(forks({ hardfork: 'osaka', when: 1 }), /unknown field "when"/)
  const after = (...list: object[]) => forks({ hardfork: 'cancun' }, ...list)
  refused(after({ hardfork: 'prague', block: 1, time: 1 }), /forks\[1\] has both block and time/)
  refused(after({ hardfork: 'shanghai', time: 1 }), /stands after cancun, which is newer/)
  const backwards = [
    { hardfork: 'prague', time: 9 },
    { hardfork: 'osaka', time: 8 },
  ]
  refused(after(...backwards), /forks\[2\] \(osaka\) begins before/)
  const blockAfterTime = [
    { hardfork: 'prague', time: 9 },
    { hardfork: 'osaka', block: 80 },
  ]
  refused(after(...blockAfterTime), /begins before/)
})

test('blobs and own numbers of a fork are checked', () => {
  const one = (more: object) => ({ ...rest, forks: [{ hardfork: 'osaka', ...more }] })
  refused(one({ blobs: { target: 3, max: 2, updateFraction: 1 } }), /target over its max/)
  refused(one({ blobs: { target: 3, max: 6, updateFraction: 0 } }), /updateFraction must not be 0/)
  refused(one({ blobs: { target: 3, max: 6 } }), /updateFraction must be a natural/)
  refused(one({ changes: { txGasCup: 1 } }), /unknown field "txGasCup"/)
  refused(one({ changes: { txGasCap: -1 } }), /changes\.txGasCap must be a natural/)
  assert.deepEqual(parse(one({ changes: { txGasCap: 1 } })).forks[0]?.changes, { txGasCap: 1 })
})

test('a followed chain may begin in the time of proof of work', () => {
  const { baseFeePerGas: _fee, ...old } = genesis
  const work = {
    ...{ difficulty: '131072', nonce: `0x${'01'.repeat(8)}`, mixHash: `0x${'02'.repeat(32)}` },
    beneficiary: address,
  }
  const followed = {
    ...{ ...rest, consensus: { engine: 'ethereum' }, depositContract: address },
    genesis: { ...old, ...work },
    forks: [{ hardfork: 'frontier' }, { hardfork: 'paris', totalDifficulty: '5' }],
  }
  const read = parse(followed)
  assert.equal(read.genesis.difficulty, 131_072n)
  assert.deepEqual(JSON.parse(manifestToJson(read)).genesis, { ...old, ...work })
  assert.equal(manifestToJson(parseManifest(manifestToJson(read))), manifestToJson(read))
  refused(
    { ...followed, genesis: { ...genesis, ...work } },
    /genesis\.baseFeePerGas is not in frontier/,
  )
  refused(
    { ...followed, consensus: { engine: 'ethereum', blockTimeMs: 1 } },
    /not for the engine ethereum/,
  )
})

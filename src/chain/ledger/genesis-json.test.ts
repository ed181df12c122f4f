/** Checks how a genesis file becomes a manifest, and that what cannot be followed is refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../base/bytes.ts'
import { manifestFromGenesis } from './genesis-json.ts'
import { manifestToJson, parseManifest } from './manifest-codec.ts'

const blocks = {
  ...{ homesteadBlock: 0, eip150Block: 0, eip155Block: 0, eip158Block: 0, byzantiumBlock: 0 },
  ...{ constantinopleBlock: 0, petersburgBlock: 0, istanbulBlock: 0, berlinBlock: 0 },
  ...{ londonBlock: 0 },
}
const config = { chainId: 1337, ...blocks, terminalTotalDifficulty: 0, shanghaiTime: 0 }
const file = { config, gasLimit: '0x1c9c380', difficulty: '0x1', alloc: {} }
const read = (value: unknown) => manifestFromGenesis(JSON.stringify(value), 'one')
const refused = (value: unknown, message: RegExp) =>
  assert.throws(() => read(value), { code: 'ledger/bad-genesis', message })
const withConfig = (change: object) => ({ ...file, config: { ...config, ...change } })

test('what is over at the first block leaves one fork', () => {
  const { forks, genesis, consensus, chainId, name } = read(file)
  assert.deepEqual(forks, [{ hardfork: 'shanghai' }])
  assert.deepEqual(
    { consensus, chainId, name },
    { consensus: { engine: 'ethereum' }, chainId: 1337n, name: 'one' },
  )
  assert.equal(genesis.baseFeePerGas, 1_000_000_000n)
  assert.equal(genesis.excessBlobGas, undefined)
  assert.deepEqual(read(withConfig({ terminalTotalDifficulty: null, shanghaiTime: null })).forks, [
    { hardfork: 'london' },
  ])
})

test('forks to come keep their block, difficulty or time, and delays of the difficulty bomb', () => {
  const { forks } = read(
    withConfig({
      ...{ berlinBlock: 3, londonBlock: 5, arrowGlacierBlock: 6, terminalTotalDifficulty: 99 },
      mergeNetsplitBlock: 8,
      ...{ shanghaiTime: 100, cancunTime: 200, bpo1Time: 300, pragueTime: 210, osakaTime: 250 },
      blobSchedule: {
        cancun: { target: 1, max: 2, baseFeeUpdateFraction: 3 },
        bpo1: { target: 4, max: 5, baseFeeUpdateFraction: 6 },
      },
    }),
  )
  assert.deepEqual(forks, [
    { hardfork: 'istanbul' },
    { hardfork: 'berlin', block: 3n },
    { hardfork: 'london', block: 5n },
    { hardfork: 'london', block: 6n, changes: { bombDelay: 10_700_000 } },
    { hardfork: 'paris', totalDifficulty: 99n, netsplitBlock: 8n },
    { hardfork: 'shanghai', time: 100n },
    { hardfork: 'cancun', time: 200n, blobs: { target: 1, max: 2, updateFraction: 3 } },
    { hardfork: 'prague', time: 210n },
    { hardfork: 'osaka', time: 250n },
    { hardfork: 'osaka', time: 300n, blobs: { target: 4, max: 5, updateFraction: 6 } },
  ])
})

test('numbers that a double cannot hold are read to the last digit', () => {
  const text = JSON.stringify(withConfig({ shanghaiTime: null })).replace(
    '"terminalTotalDifficulty":0',
    '"terminalTotalDifficulty":58750000000000000000001',
  )
  const { forks } = manifestFromGenesis(text, 'one')
  assert.equal(forks[1]?.totalDifficulty, 58_750_000_000_000_000_000_001n)
})

test('accounts hold balance, nonce, code and storage, in hex or decimal', () => {
  const address = 'AB'.repeat(20)
  const { genesis } = read({
    ...file,
    alloc: {
      [address]: { balance: '12', nonce: '0x2', code: '0x6001', storage: { '0x03': '0x07' } },
      [`0x${'cd'.repeat(20)}`]: { balance: '0x10' },
    },
  })
  const [one, two] = genesis.accounts
  assert.equal(toHex(one?.address ?? new Uint8Array()), `0x${'ab'.repeat(20)}`)
  assert.deepEqual(one?.storage, [[3n, 7n]])
  assert.deepEqual([one?.balance, one?.nonce, one?.code], [12n, 2n, Uint8Array.of(0x60, 1)])
  assert.deepEqual([two?.balance, two?.nonce, two?.code.length], [16n, 0n, 0])
})

test('names in another case, and empty text for no bytes, are taken as other clients take them', () => {
  const mixHash = `0x${'07'.repeat(32)}`
  const { genesis } = read({ ...file, mixhash: mixHash, extraData: '', EXCESSBLOBGAS: '0x1' })
  assert.equal(toHex(genesis.mixHash ?? new Uint8Array()), mixHash)
  assert.equal(genesis.extraData.length, 0)
})

test('the manifest of a genesis file is one that can be stored and read again', () => {
  const manifest = read(
    withConfig({ cancunTime: 0, depositContractAddress: `0x${'11'.repeat(20)}` }),
  )
  const text = manifestToJson(manifest)
  assert.deepEqual(parseManifest(text), manifest)
  assert.equal(manifest.genesis.excessBlobGas, 0n)
})

test('the fork of the DAO is taken or refused as the file says, and kept', () => {
  const daoForkOf = (config: Record<string, unknown>) => {
    const manifest = read(withConfig(config))
    assert.deepEqual(parseManifest(manifestToJson(manifest)), manifest)
    return manifest.daoFork
  }
  assert.deepEqual(daoForkOf({ daoForkBlock: 1_920_000, daoForkSupport: true }), {
    ...{ block: 1_920_000n, isTaken: true },
  })
  assert.deepEqual(daoForkOf({ daoForkBlock: '0x5' }), { block: 5n, isTaken: false })
  assert.equal(daoForkOf({ daoForkSupport: true }), undefined)
})

test('what is missing or cannot be followed is named', () => {
  assert.throws(() => manifestFromGenesis('{', 'one'), { message: /it is no JSON/ })
  refused([], /the file must be an object/)
  refused({ ...file, config: undefined }, /config must be an object/)
  refused(withConfig({ chainId: 0 }), /config\.chainId must not be 0/)
  refused({ ...file, alloc: undefined }, /alloc must be an object/)
  refused({ ...file, gasLimit: undefined }, /gasLimit must be a natural number/)
  refused({ ...file, difficulty: '0xzz' }, /difficulty must be a natural number/)
  refused({ ...file, number: '0x1' }, /number must be 0/)
  refused({ ...file, parentHash: `0x${'11'.repeat(32)}` }, /parentHash must be 0/)
  refused({ ...file, alloc: { '0x12': {} } }, /alloc\.0x12 must have 20 bytes/)
  const twice = { ['aa'.repeat(20)]: {}, [`0x${'aa'.repeat(20)}`]: {} }
  refused({ ...file, alloc: twice }, /is named twice/)
  refused(withConfig({ amsterdamTime: 5 }), /config\.amsterdamTime is of a fork that is not known/)
  refused(withConfig({ bpo1Time: 5, osakaTime: 4 }), /blobSchedule\.bpo1 is missing/)
  refused(withConfig({ eip155Block: 1 }), /eip155Block must be that of eip158Block/)
  refused(withConfig({ homesteadBlock: 7 }), /begins before the fork above it/)
  refused(withConfig({ blobSchedule: { cancun: 1 }, cancunTime: 0 }), /blobSchedule\.cancun/)
})

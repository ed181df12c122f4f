/** Checks that a chain's folder gives its manifest back, a large one without reading it as a whole. */

import assert from 'node:assert/strict'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { genesisOf } from './genesis.ts'
import type { GenesisAccount, Manifest } from './ledger/manifest.ts'
import { chainKey, manifestToJson } from './ledger/manifest-codec.ts'
import { keepManifest, readStoredManifest } from './stored-manifest.ts'
import { openStill, shortManifest, temporaryFolder } from './test-chain/short-chain.ts'

function addressOf(at: number): Uint8Array {
  const address = new Uint8Array(20)
  new DataView(address.buffer).setUint32(4, at)
  return address
}

function accountsOf(count: number): GenesisAccount[] {
  return Array.from({ length: count }, (_, at) => {
    const address = addressOf(at)
    const code = at % 5_000 === 1 ? new Uint8Array(3).fill(at) : new Uint8Array()
    const storage =
      at % 3_000 === 2
        ? ([
            [1n, 2n],
            [3n, 4n],
          ] as const)
        : []
    return { address, balance: BigInt(at) * 10n ** 18n, nonce: BigInt(at % 3), code, storage }
  })
}

const withAccounts = (accounts: Iterable<GenesisAccount>): Manifest => ({
  ...shortManifest,
  genesis: { ...shortManifest.genesis, accounts },
})
const large = { ...withAccounts(accountsOf(25_000)), source: 'the file' }
const differs = { code: 'chain/manifest-differs' }

describe('a stored manifest', () => {
  test('is what was kept, and of a large one the accounts are read only when they are asked for', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'dev')
    assert.equal(await readStoredManifest(folder), undefined)
    const kept = await keepManifest(folder, large)
    assert.deepEqual(kept.key, chainKey(large))
    const found = await readStoredManifest(folder)
    assert.ok(found)
    for (const one of [kept.manifest, found]) {
      assert.ok(!Array.isArray(one.genesis.accounts))
      assert.equal(manifestToJson(one), manifestToJson(large))
      assert.deepEqual([...one.genesis.accounts], large.genesis.accounts)
      assert.deepEqual(genesisOf(one).executed, genesisOf(large).executed)
    }
    const file = path.join(folder, 'manifest.json')
    await writeFile(file, ' '.repeat((await stat(file)).size))
    assert.deepEqual((await keepManifest(folder, found)).key, kept.key)
    assert.throws(() => [...found.genesis.accounts], { code: 'chain/damaged-manifest' })
  })

  test('of another chain is refused, however it is given', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'dev')
    await keepManifest(folder, large)
    const found = await readStoredManifest(folder)
    assert.ok(found)
    for (const one of [found, large]) {
      await assert.rejects(keepManifest(folder, { ...one, chainId: 8n }), differs)
      assert.deepEqual((await keepManifest(folder, one)).key, chainKey(large))
    }
    await assert.rejects(keepManifest(folder, withAccounts(accountsOf(24_999))), differs)
  })

  test('is known by the file it was made from', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'dev')
    await keepManifest(folder, large)
    assert.ok(await readStoredManifest(folder, 'the file'))
    assert.equal(await readStoredManifest(folder, 'another file'), undefined)
  })

  test('is read as a whole when what is remembered of it is lost or does not fit', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'dev')
    await keepManifest(folder, large)
    const seal = path.join(folder, 'manifest.seal')
    const whole = await readFile(seal, 'utf8')
    for (const text of ['', '{', whole.slice(0, -2), whole.replace(/"bytes":\d/, '"bytes":9')]) {
      await writeFile(seal, text)
      const found = await readStoredManifest(folder)
      assert.ok(Array.isArray(found?.genesis.accounts))
    }
    await rm(seal)
    await keepManifest(folder, large)
    assert.equal(await readFile(seal, 'utf8'), whole)
  })

  test('tells whether accounts are in it', async (t) => {
    const folder = path.join(await temporaryFolder(t), 'dev')
    const { accounts } = (await keepManifest(folder, large)).manifest.genesis
    assert.equal(accounts.hasAll?.([addressOf(0), addressOf(24_999)]), true)
    assert.equal(accounts.hasAll?.([new Uint8Array(20).fill(9)]), false)
  })
})

test('a chain with a large birth opens again with and without a checkpoint', async (t) => {
  const folder = await temporaryFolder(t)
  const open = async () => {
    const chain = await openStill(
      folder,
      (await readStoredManifest(path.join(folder, 'dev'))) ?? large,
    )
    const { header } = chain.head()
    await chain.stop()
    return header.stateRoot
  }
  const root = await open()
  await rm(path.join(folder, 'dev/state.checkpoint'), { force: true })
  assert.deepEqual(await open(), root)
  assert.deepEqual(await open(), root)
})

/** Forks chains, and looks at what the fork begins with, what it shares with its parent, and what is refused. */

import assert from 'node:assert/strict'
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { toHex } from '../base/bytes.ts'
import { keccak256 } from '../crypto/keccak.ts'
import type { DrivenChain } from './chain-parts.ts'
import { encodeHeader, headerHash } from './ledger/block-codec.ts'
import { chainKey, manifestToJson, parseManifest } from './ledger/manifest-codec.ts'
import { devManifest } from './test-chain/dev-manifest.ts'
import {
  chainOf,
  named,
  openNewSet,
  openSet,
  receiver,
  sender,
  transfer,
} from './test-chain/open-set.ts'
import { powManifest } from './test-chain/pow-chain.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'
import { verifyChain } from './verify-chain.ts'

const wish = { name: 'fork', chainId: 8n }

const balanceOf = (chain: DrivenChain, who: Uint8Array) =>
  chain.stateAt(chain.head().hash)?.account(who)?.balance

describe('a fork', () => {
  test('begins with the state after the block, and both chains go their ways', async (t) => {
    const { set, first } = await openNewSet(t)
    const contract = new Uint8Array(20).fill(0xcc)
    await first.dev.change((overlay) => {
      const codeHash = overlay.addCode(Uint8Array.of(0x5f, 0x5f, 0xf3))
      overlay.setAccount(contract, { nonce: 1n, balance: 3n, codeHash })
      overlay.setStorage(contract, 7n, 70n)
    })
    for (let nonce = 0n; nonce < 3n; nonce += 1n) await first.submit(transfer(7n, nonce))
    await set.fork('dev', { ...wish, number: 2n })
    const fork = chainOf(set, 'fork')
    assert.equal(fork.head().header.number, 0n)
    const [there, here] = [first.byNumber(2n), fork.byNumber(0n)].map((executed) => executed?.block)
    assert.ok(there && here)
    assert.deepEqual(here.header.stateRoot, there.header.stateRoot)
    const state = fork.stateAt(here.hash)
    assert.ok(state)
    assert.equal(state.account(sender)?.nonce, 2n)
    assert.equal(state.storage(contract, 7n), 70n)
    assert.equal(state.code(state.account(contract)?.codeHash as Uint8Array).toHex(), '5f5ff3')
    assert.deepEqual(state.prove(contract, [7n]), first.stateAt(there.hash)?.prove(contract, [7n]))

    await first.submit(transfer(7n, 3n))
    await fork.submit(transfer(8n, 2n))
    assert.equal(balanceOf(first, receiver), 20n)
    assert.equal(balanceOf(fork, receiver), 15n)
    await assert.rejects(fork.submit(transfer(7n, 3n)), { code: 'txpool/chain-id' })
  })

  test('names the block it comes from, whose header commits to its state', async (t) => {
    const { set, first } = await openNewSet(t)
    await first.submit(transfer(7n, 0n))
    await set.fork('dev', wish)
    const { parent } = chainOf(set, 'fork').manifest
    assert.ok(parent)
    assert.deepEqual(parent.chain, chainKey(first.manifest))
    const { header } = first.head()
    assert.deepEqual(keccak256(encodeHeader(header)), parent.hash)
    assert.deepEqual(header.stateRoot, parent.stateRoot)
    // The manifest commits to the block, and the key of the chain to the manifest.
    const { manifest, key } = chainOf(set, 'fork')
    assert.deepEqual(keccak256(new TextEncoder().encode(manifestToJson(manifest))), key)
  })

  test('is the same chain wherever its manifest meets its parent', async (t) => {
    const { set, first } = await openNewSet(t)
    await first.submit(transfer(7n, 0n))
    await set.fork('dev', wish)
    const { manifest, key } = chainOf(set, 'fork')
    const birth = headerHash(chainOf(set, 'fork').head().header)
    await set.stop('fork')
    await set.remove('fork')
    await first.submit(transfer(7n, 1n))
    await set.bang(parseManifest(manifestToJson(manifest)))
    assert.deepEqual(chainOf(set, 'fork').key, key)
    assert.deepEqual(headerHash(chainOf(set, 'fork').head().header), birth)
    await set.stop('fork')
    await set.remove('fork')
    const elsewhere = { ...manifest, parent: { ...manifest.parent, hash: key } } as typeof manifest
    await assert.rejects(set.bang(elsewhere), { code: 'chain/no-parent' })
  })

  test('outlives restarts, its parent, and going back to its birth; and verifies', async (t) => {
    const folder = await temporaryFolder(t)
    const { set } = await openSet(folder)
    await set.bang(named('middle', 9n))
    await chainOf(set, 'middle').submit(transfer(9n, 0n))
    await set.fork('middle', wish)
    await set.stop('middle')
    await set.remove('middle')
    await chainOf(set, 'fork').submit(transfer(8n, 1n))
    await set.end()

    const { set: again } = await openSet(folder)
    const fork = chainOf(again, 'fork')
    assert.equal(fork.head().header.number, 1n)
    assert.equal(balanceOf(fork, receiver), 10n)
    await fork.dev.beginAnew()
    assert.equal(balanceOf(fork, receiver), 5n)
    await fork.submit(transfer(8n, 1n))
    const { manifest } = fork
    await again.end()
    const { faults, blocks, isWhole } = await verifyChain({ manifest, folder, run: true })
    assert.deepEqual({ faults, blocks, isWhole }, { faults: [], blocks: 1, isWhole: true })
  })

  test('of a fork is a fork', async (t) => {
    const { set } = await openNewSet(t)
    await set.fork('dev', wish)
    await chainOf(set, 'fork').submit(transfer(8n, 0n))
    await set.fork('fork', { name: 'second', chainId: 9n })
    const second = chainOf(set, 'second')
    assert.equal(balanceOf(second, receiver), 5n)
    assert.deepEqual(second.manifest.parent?.chain, chainOf(set, 'fork').key)
  })

  test('may have blocks at another pace than its parent', async (t) => {
    const { set } = await openNewSet(t)
    await set.fork('dev', { ...wish, consensus: { engine: 'dev', blockTimeMs: 5_000 } })
    const { consensus } = chainOf(set, 'fork').manifest
    assert.deepEqual(consensus, { engine: 'dev', blockTimeMs: 5_000 })
    const other = { name: 'other', chainId: 9n, consensus: { engine: 'none' } }
    await assert.rejects(set.fork('dev', other), { code: 'ledger/bad-manifest' })
  })

  test('may be sealed by another engine, whose first block has extra data of its own', async (t) => {
    const { genesis, ...dev } = named('dev', 7n)
    const extraData = Uint8Array.of(1, 2)
    const { set } = await openNewSet(t, { ...dev, genesis: { ...genesis, extraData } })
    await set.fork('dev', { ...wish, consensus: { engine: 'pow' } })
    const fork = chainOf(set, 'fork')
    assert.equal(fork.manifest.consensus.engine, 'pow')
    assert.equal(fork.head().header.extraData.length, 32)
    await set.fork('dev', { name: 'same', chainId: 9n })
    assert.deepEqual(chainOf(set, 'same').head().header.extraData, extraData)
  })

  test('may seal its blocks by work, and its blocks stand on the state of its parent', async (t) => {
    const { set, first } = await openNewSet(t)
    await first.submit(transfer(7n, 0n))
    const { consensus } = JSON.parse(manifestToJson(powManifest()))
    await set.fork('dev', { ...wish, consensus })
    const fork = chainOf(set, 'fork')
    assert.equal(fork.manifest.consensus.engine, 'pow')
    assert.deepEqual(fork.head().header.stateRoot, first.head().header.stateRoot)
    assert.equal(balanceOf(fork, receiver), 5n)
    assert.equal(toHex(await fork.submit(transfer(8n, 1n))).length, 66)
    assert.equal(fork.pool.counts().pending, 1)
  })

  test('is refused where it could not be told from another chain, or has no state to begin with', async (t) => {
    const { set, first, folder } = await openNewSet(t)
    const refused = (code: string, own: object) =>
      assert.rejects(set.fork('dev', { ...wish, ...own }), { code })
    await refused('chain/id-taken', { chainId: 7n })
    await refused('chain/name-taken', { name: 'dev' })
    await refused('ledger/bad-manifest', { name: '../fork' })
    await refused('chain/no-block', { number: 1n })
    await assert.rejects(set.fork('none', wish), { code: 'chain/unknown' })
    for (let nonce = 0n; nonce < 17n; nonce += 1n) await first.submit(transfer(7n, nonce))
    await refused('chain/no-state', { number: 1n })
    await first.dev.change((overlay) => overlay.setStorage(receiver, 1n, 1n))
    await assert.rejects(set.fork('dev', wish), {
      ...{ code: 'chain/no-state', message: /changed by hand after it; seal a block/ },
    })
    await first.dev.sealNow()
    await set.bang(named('still', 9n), { isStill: true })
    await assert.rejects(set.fork('still', wish), { code: 'chain/stopped' })
    assert.deepEqual((await readdir(folder)).sort(), ['dev', 'still'])
    await set.fork('dev', wish)
  })

  test('runs by no rules whose contracts its parent lacks', async (t) => {
    const old = { ...devManifest(sender), forks: [{ hardfork: 'shanghai' }] } as const
    const { set, folder } = await openNewSet(t, old)
    await set.fork('dev', wish)
    const { manifest } = chainOf(set, 'fork')
    assert.deepEqual(manifest.forks, [{ hardfork: 'shanghai' }])
    const later = {
      ...manifest,
      name: 'later',
      chainId: 9n,
      forks: [{ hardfork: 'osaka' }],
    } as const
    await assert.rejects(set.bang(later), { code: 'chain/fork-rules' })
    const owner = toHex(sender)
    const validators = [
      { scheme: 'ed25519', publicKey: `0x${'02'.repeat(32)}`, payTo: owner, owner },
    ]
    const consensus = { engine: 'hybrid', validators }
    await assert.rejects(set.fork('dev', { name: 'later', chainId: 9n, consensus }), {
      ...{ code: 'chain/fork-rules', message: /no contract of a committee/ },
    })
    assert.deepEqual((await readdir(folder)).sort(), ['dev', 'fork'])
  })

  test('whose first state is damaged does not start, and says what to do', async (t) => {
    const { set, first, folder } = await openNewSet(t)
    await set.fork('dev', wish)
    await first.submit(transfer(7n, 0n))
    await set.fork('dev', { name: 'later', chainId: 9n })
    const later = path.join(folder, 'later', 'birth.state')
    await set.stop('fork')
    const file = path.join(folder, 'fork', 'birth.state')
    const whole = await readFile(file)
    for (const damage of [
      () => rm(file),
      () => copyFile(later, file),
      () => writeFile(file, whole.subarray(0, -3)),
      () => writeFile(file, whole.with(whole.length - 40, (whole.at(-40) ?? 0) ^ 1)),
    ]) {
      await damage()
      await assert.rejects(set.start('fork'), {
        ...{ code: 'chain/damaged-birth', message: /remove the chain and fork it again/ },
      })
      await writeFile(file, whole)
    }
    await set.start('fork')
  })

  test('under way ends with the node, and nothing of it is left', async (t) => {
    const folder = await temporaryFolder(t)
    const accounts = Array.from({ length: 40_000 }, (_, at) => ({
      ...{ address: keccak256(Uint8Array.of(at, at >> 8)).subarray(12), balance: 1n, nonce: 0n },
      ...{ code: new Uint8Array(), storage: [] },
    }))
    const many = devManifest(sender)
    const { set } = await openSet(folder, { ...many, genesis: { ...many.genesis, accounts } })
    const forking = set.fork('dev', wish)
    while (set.get('fork').portion === undefined) await turn()
    const { activity, portion = 0 } = set.get('fork')
    assert.equal(activity, 'creating')
    assert.ok(portion > 0 && portion < 1, `${portion}`)
    const ended = assert.rejects(forking, { code: 'chain/over' })
    await set.end()
    await ended
    assert.deepEqual(await readdir(folder), ['dev'])
  })
})

/** Goes through viem's test actions: accounts, time, mining, fees and the pool of a development node. */

import assert from 'node:assert/strict'
import type { Checks } from './tally.ts'
import type { ViemSite } from './viem-site.ts'

const address = '0x00000000000000000000000000000000000ff002'

export async function testActionChecks(checks: Checks, site: ViemSite): Promise<void> {
  await accountChecks(checks, site)
  await miningChecks(checks, site)
  await poolChecks(checks, site)
}

async function accountChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { tester, reader, remote, library } = site
  const value = library.parseEther('3')
  const all: Record<string, () => Promise<unknown>> = {
    setBalance: async () => {
      await tester.setBalance({ address, value })
      assert.equal(await reader.getBalance({ address }), value)
    },
    setNonce: async () => {
      await tester.setNonce({ address, nonce: 7 })
      assert.equal(await reader.getTransactionCount({ address }), 7)
    },
    setCode: async () => {
      const target = '0x00000000000000000000000000000000000ff003'
      await tester.setCode({ address: target, bytecode: '0x602a60005260206000f3' })
      assert.equal(BigInt((await reader.call({ to: target })).data ?? 0), 42n)
    },
    setStorageAt: async () => {
      const slot = library.numberToHex(1, { size: 32 })
      await tester.setStorageAt({ address, index: 1, value: slot })
      assert.equal(await reader.getStorageAt({ address, slot: '0x1' }), slot)
    },
    'impersonateAccount and stopImpersonatingAccount': async () => {
      await tester.impersonateAccount({ address })
      const hash = await remote.sendTransaction({ account: address, to: address, value: 1n })
      assert.equal((await reader.waitForTransactionReceipt({ hash })).status, 'success')
      await tester.stopImpersonatingAccount({ address })
      await assert.rejects(remote.sendTransaction({ account: address, to: address }))
    },
    sendUnsignedTransaction: async () => {
      const hash = await tester.sendUnsignedTransaction({ from: address, to: address, value: 1n })
      assert.equal((await reader.waitForTransactionReceipt({ hash })).status, 'success')
    },
    'snapshot and revert': async () => {
      const id = await tester.snapshot()
      await tester.setBalance({ address, value: 1n })
      await tester.revert({ id })
      assert.notEqual(await reader.getBalance({ address }), 1n)
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

async function miningChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { tester, reader } = site
  const head = () => reader.getBlock()
  const all: Record<string, () => Promise<unknown>> = {
    mine: async () => {
      const before = await reader.getBlockNumber()
      await tester.mine({ blocks: 3 })
      assert.equal(await reader.getBlockNumber(), before + 3n)
    },
    increaseTime: async () => {
      const before = await head()
      await tester.increaseTime({ seconds: 1_000 })
      await tester.mine({ blocks: 1 })
      assert.ok((await head()).timestamp >= before.timestamp + 1_000n)
    },
    setNextBlockTimestamp: async () => {
      const timestamp = (await head()).timestamp + 5_000n
      await tester.setNextBlockTimestamp({ timestamp })
      await tester.mine({ blocks: 1 })
      assert.equal((await head()).timestamp, timestamp)
    },
    setNextBlockBaseFeePerGas: async () => {
      await tester.setNextBlockBaseFeePerGas({ baseFeePerGas: 123_456_789n })
      await tester.mine({ blocks: 1 })
      assert.equal((await head()).baseFeePerGas, 123_456_789n)
    },
    setBlockGasLimit: async () => {
      await tester.setBlockGasLimit({ gasLimit: 50_000_000n })
      await tester.mine({ blocks: 1 })
      assert.equal((await head()).gasLimit, 50_000_000n)
    },
    setCoinbase: async () => {
      await tester.setCoinbase({ address })
      await tester.mine({ blocks: 1 })
      assert.equal((await head()).miner, address)
    },
    'setAutomine and getAutomine': async () => {
      await tester.setAutomine(false)
      assert.equal(await tester.getAutomine(), false)
      await tester.setAutomine(true)
      assert.equal(await tester.getAutomine(), true)
    },
    setIntervalMining: async () => {
      const before = await reader.getBlockNumber()
      await tester.setIntervalMining({ interval: 1 })
      while ((await reader.getBlockNumber()) === before) {
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await tester.setIntervalMining({ interval: 0 })
      await tester.setAutomine(true)
    },
    setMinGasPrice: async () => {
      // Nodes that follow EIP-1559 refuse it, as anvil does.
      await tester.setMinGasPrice({ gasPrice: 0n }).catch(() => {})
    },
    setLoggingEnabled: async () => tester.setLoggingEnabled(true),
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

async function poolChecks(checks: Checks, { tester, writer, reader }: ViemSite): Promise<void> {
  const all: Record<string, () => Promise<unknown>> = {
    'getTxpoolStatus, getTxpoolContent, inspectTxpool, dropTransaction': async () => {
      await tester.setAutomine(false)
      await tester.mine({ blocks: 1 })
      const hash = await writer.sendTransaction({ to: address, value: 1n })
      assert.equal((await tester.getTxpoolStatus()).pending, 1)
      assert.equal(Object.keys((await tester.getTxpoolContent()).pending).length, 1)
      assert.equal(Object.keys((await tester.inspectTxpool()).pending).length, 1)
      await tester.dropTransaction({ hash })
      assert.equal((await tester.getTxpoolStatus()).pending, 0)
      await tester.setAutomine(true)
      const sent = await writer.sendTransaction({ to: address, value: 1n })
      assert.equal((await reader.waitForTransactionReceipt({ hash: sent })).status, 'success')
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

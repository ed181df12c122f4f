/** Goes through what ethers' providers, signers and contracts do, against our node. */

import assert from 'node:assert/strict'
import type * as Ethers from 'ethers'
import { depositVaultAbi, depositVaultCreationCode } from '../../src/abi/deposit-vault.gen.ts'
import { streamAnchorAbi, streamAnchorCreationCode } from '../../src/abi/stream-anchor.gen.ts'
import { Checks } from './tally.ts'
import { installed, loadFrom } from './tool-cache.ts'
import { chainId, startToolNode, type ToolNode, words } from './tool-node.ts'
import type { ToolSuite } from './tool-suite.ts'

type Library = typeof Ethers

/** Methods of the provider that another network is needed for, or that say nothing of a node. */
const leftOut = new Set([
  ...['lookupAddress', 'resolveName', 'getResolver', 'getAvatar', 'attachPlugin', 'getPlugin'],
  ...['ccipReadFetch', 'constructor', 'getRpcRequest', 'getRpcError', 'getRpcTransaction'],
])

export const ethersMethods: ToolSuite = async ({ cache }) => {
  const folder = await installed(cache, ['ethers@6.17.0'])
  const library = await loadFrom<Library>(folder, 'ethers')
  const node = await startToolNode()
  try {
    const checks = new Checks('ethers')
    const site = await open(library, node)
    await providerChecks(checks, site)
    await signerChecks(checks, site)
    await contractChecks(checks, site)
    await socketChecks(checks, site)
    await checks.check('every method of the provider that asks a node was called', async () => {
      const asked = ['getBlockNumber', 'getFeeData', 'getLogs', 'broadcastTransaction', 'call']
      for (const name of asked) assert.ok(!leftOut.has(name) && site.called.has(name), name)
    })
    site.provider.destroy()
    return checks.tally()
  } finally {
    await node.stop()
  }
}

type Site = Awaited<ReturnType<typeof open>>

async function open(library: Library, node: ToolNode) {
  const plain = new library.JsonRpcProvider(node.url, undefined, {
    ...{ polling: true, cacheTimeout: -1 },
  })
  plain.pollingInterval = 50
  const called = new Set<string>()
  const provider = new Proxy(plain, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        called.add(String(name))
        return value.apply(target, args)
      }
    },
  })
  const wallet = library.HDNodeWallet.fromPhrase(words).connect(plain)
  return { library, node, provider, plain, wallet, called }
}

async function providerChecks(checks: Checks, { library, provider, wallet }: Site): Promise<void> {
  const nowhere = '0x00000000000000000000000000000000000ff001'
  const sent = await (await wallet.sendTransaction({ to: nowhere, value: 5n })).wait()
  assert.ok(sent)
  const all: Record<string, () => Promise<unknown>> = {
    getNetwork: async () => assert.equal((await provider.getNetwork()).chainId, BigInt(chainId)),
    getBlockNumber: async () => assert.ok((await provider.getBlockNumber()) >= sent.blockNumber),
    getBalance: async () => assert.equal(await provider.getBalance(nowhere), 5n),
    getCode: async () => assert.equal(await provider.getCode(nowhere), '0x'),
    getStorage: async () => assert.equal(BigInt(await provider.getStorage(nowhere, 0)), 0n),
    getTransactionCount: async () =>
      assert.ok((await provider.getTransactionCount(wallet.address)) > 0),
    getFeeData: async () => assert.ok((await provider.getFeeData()).maxFeePerGas),
    estimateGas: async () => assert.equal(await provider.estimateGas({ to: nowhere }), 21_000n),
    call: async () => assert.equal(await provider.call({ to: nowhere }), '0x'),
    getBlock: async () => {
      const block = await provider.getBlock(sent.blockNumber, true)
      assert.equal(block?.prefetchedTransactions[0]?.hash, sent.hash)
      assert.equal((await provider.getBlock(sent.blockHash))?.number, sent.blockNumber)
      for (const tag of ['latest', 'earliest', 'pending', 'safe', 'finalized']) {
        assert.ok(await provider.getBlock(tag), tag)
      }
    },
    getTransaction: async () => {
      const found = await provider.getTransaction(sent.hash)
      assert.equal(found?.value, 5n)
      assert.equal(await provider.getTransaction(library.ZeroHash), null)
    },
    getTransactionReceipt: async () =>
      assert.equal((await provider.getTransactionReceipt(sent.hash))?.status, 1),
    getLogs: async () =>
      assert.deepEqual(await provider.getLogs({ address: nowhere, fromBlock: 0 }), []),
    waitForTransaction: async () =>
      assert.equal((await provider.waitForTransaction(sent.hash))?.hash, sent.hash),
    waitForBlock: async () => assert.ok(await provider.getBlock('latest')),
    listAccounts: async () => assert.ok((await provider.listAccounts()).length > 0),
    send: async () => assert.ok(await provider.send('web3_clientVersion', [])),
    broadcastTransaction: async () => {
      const nonce = await provider.getTransactionCount(wallet.address)
      const raw = await wallet.signTransaction({
        ...{ to: nowhere, value: 1n, nonce, gasLimit: 21_000n, chainId, type: 2 },
        ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n },
      })
      assert.equal((await (await provider.broadcastTransaction(raw)).wait())?.status, 1)
    },
    'errors have codes': async () => {
      const poor = library.Wallet.createRandom().connect(wallet.provider)
      await assert.rejects(poor.sendTransaction({ to: nowhere, value: 1n }), (error) =>
        library.isError(error, 'INSUFFICIENT_FUNDS'),
      )
      const again = wallet.sendTransaction({ to: nowhere, nonce: 0 })
      await assert.rejects(again, (error) => library.isError(error, 'NONCE_EXPIRED'))
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(`provider: ${name}`, run)
}

async function signerChecks(checks: Checks, { library, provider, wallet }: Site): Promise<void> {
  const remote = await provider.getSigner(1)
  const domain = { name: 'tool', version: '1', chainId }
  const types = { Note: [{ name: 'text', type: 'string' }] }
  const all: Record<string, () => Promise<unknown>> = {
    signMessage: async () =>
      assert.equal(
        library.verifyMessage('hello', await remote.signMessage('hello')),
        remote.address,
      ),
    signTypedData: async () => {
      const note = { text: 'hello' }
      const signature = await remote.signTypedData(domain, types, note)
      assert.equal(library.verifyTypedData(domain, types, note, signature), remote.address)
    },
    sendTransaction: async () => {
      const sent = await remote.sendTransaction({ to: wallet.address, value: 1n })
      assert.equal((await sent.wait())?.status, 1)
    },
    populateTransaction: async () => {
      const filled = await wallet.populateTransaction({ to: remote.address, value: 1n })
      assert.equal(filled.chainId, BigInt(chainId))
    },
    getNonce: async () =>
      assert.equal(await wallet.getNonce('pending'), await wallet.getNonce('latest')),
    'types of transactions': async () => {
      for (const type of [0, 1, 2]) {
        const sent = await wallet.sendTransaction({ to: remote.address, value: 1n, type })
        assert.equal((await sent.wait())?.type, type)
      }
    },
    'delegation (EIP-7702)': async () => {
      const fresh = library.Wallet.createRandom().connect(wallet.provider)
      const auth = await fresh.authorize({ address: remote.address, nonce: 0 })
      const to = fresh.address
      const sent = await wallet.sendTransaction({ to, type: 4, authorizationList: [auth] })
      assert.equal((await sent.wait())?.status, 1)
      const code = await provider.getCode(fresh.address)
      assert.equal(code, `0xef0100${remote.address.slice(2).toLowerCase()}`)
    },
    NonceManager: async () => {
      const managed = new library.NonceManager(wallet)
      const sent = await Promise.all(
        [1n, 2n, 3n].map((value) => {
          return managed.sendTransaction({ to: remote.address, value })
        }),
      )
      for (const one of sent) assert.equal((await one.wait())?.status, 1)
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(`signer: ${name}`, run)
}

async function contractChecks(checks: Checks, { library, provider, wallet }: Site): Promise<void> {
  const factory = new library.ContractFactory(streamAnchorAbi, streamAnchorCreationCode, wallet)
  const deployed = await (await factory.deploy()).waitForDeployment()
  const address = await deployed.getAddress()
  const contract = new library.Contract(address, streamAnchorAbi, wallet)
  const send = contract.getFunction('send')
  const memo = library.id('memo')
  const all: Record<string, () => Promise<unknown>> = {
    'the predicted address': async () => {
      const { from, nonce } = deployed.deploymentTransaction() ?? assert.fail()
      assert.equal(library.getCreateAddress({ from, nonce }), address)
      assert.notEqual(await deployed.getDeployedCode(), null)
    },
    'send, estimate, staticCall, events': async () => {
      assert.ok((await send.estimateGas(memo, '{}', '0x12')) > 21_000n)
      await send.staticCall(memo, '{}', '0x12')
      const sent = await send(memo, '{}', '0x12')
      await sent.wait()
      const found = await contract.queryFilter('MessageSent', 0)
      assert.equal(found.at(-1)?.transactionHash, sent.hash)
    },
    'listening by polling': async () => {
      const heard = Promise.withResolvers<void>()
      await contract.once('MessageSent', () => heard.resolve())
      await (await send(memo, '{}', '0x34')).wait()
      await heard.promise
    },
    'custom errors': async () => {
      const vaults = new library.ContractFactory(depositVaultAbi, depositVaultCreationCode, wallet)
      const vault = await (
        await vaults.deploy(library.ZeroAddress, wallet.address)
      ).waitForDeployment()
      const call = vault.getFunction('deposit').staticCall(memo)
      await assert.rejects(
        call,
        (error) => library.isError(error, 'CALL_EXCEPTION') && error.revert?.name === 'NoAmount',
      )
    },
    'logs by topic': async () => {
      const topic = contract.interface.getEvent('MessageSent')?.topicHash ?? ''
      assert.ok((await provider.getLogs({ address, topics: [topic], fromBlock: 0 })).length > 0)
      const other = await provider.getLogs({ address, topics: [memo], fromBlock: 0 })
      assert.equal(other.length, 0)
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(`contract: ${name}`, run)
}

async function socketChecks(checks: Checks, { library, node, wallet }: Site): Promise<void> {
  const socket = new library.WebSocketProvider(node.ws)
  await checks.check('WebSocket: blocks and pending transactions are heard', async () => {
    const block = Promise.withResolvers<number>()
    const pending = Promise.withResolvers<string>()
    await socket.on('block', block.resolve)
    await socket.on('pending', pending.resolve)
    const sent = await wallet.sendTransaction({ to: wallet.address })
    assert.equal(await pending.promise, sent.hash)
    assert.ok(await block.promise)
    await sent.wait()
  })
  await socket.destroy()
}

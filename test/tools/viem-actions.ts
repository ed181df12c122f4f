/** Goes through viem's actions against our node, each of the public, wallet and test ones. */

import assert from 'node:assert/strict'
import type * as Viem from 'viem'
import type { mnemonicToAccount } from 'viem/accounts'
import { depositVaultAbi, depositVaultCreationCode } from '../../src/abi/deposit-vault.gen.ts'
import { streamAnchorAbi, streamAnchorCreationCode } from '../../src/abi/stream-anchor.gen.ts'
import { Checks } from './tally.ts'
import { installed, loadFrom } from './tool-cache.ts'
import { chainId, startToolNode, words } from './tool-node.ts'
import type { ToolSuite } from './tool-suite.ts'
import { nowhere, openViem, type ViemSite } from './viem-site.ts'
import { testActionChecks } from './viem-test-actions.ts'

/** Actions that need contracts of the public network, a wallet program, or a fork, and not a node. */
const leftOut = new Set([
  ...['getEnsAddress', 'getEnsAvatar', 'getEnsName', 'getEnsResolver', 'getEnsText', 'token'],
  ...['multicall', 'verifySiweMessage', 'getEip712Domain', 'iterateLogs', 'simulate'],
  ...['addChain', 'getCallsStatus', 'getCapabilities', 'getPermissions', 'requestPermissions'],
  ...['sendCalls', 'sendCallsSync', 'showCallsStatus', 'switchChain', 'waitForCallsStatus'],
  ...['watchAsset', 'requestAddresses', 'dumpState', 'loadState', 'reset', 'setRpcUrl'],
  ...['getBytecode', 'simulateBlocks', 'removeBlockTimestampInterval', 'setBlockTimestampInterval'],
])

export const viemActions: ToolSuite = async ({ cache }) => {
  const folder = await installed(cache, ['viem@2.57.20'])
  const library = await loadFrom<typeof Viem>(folder, 'viem')
  const accounts = await loadFrom<{ mnemonicToAccount: typeof mnemonicToAccount }>(
    ...([folder, 'viem/accounts'] as const),
  )
  const node = await startToolNode()
  try {
    const checks = new Checks('viem')
    const site = openViem(library, node, accounts.mnemonicToAccount(words))
    await readerChecks(checks, site)
    await callChecks(checks, site)
    await contractChecks(checks, site)
    await watcherChecks(checks, site)
    await writerChecks(checks, site)
    await testActionChecks(checks, site)
    await checks.check('every action was called, or is left out for a reason', async () => {
      const { publicActions, walletActions, testActions } = library
      const plain = library.createClient({ chain: site.chain, transport: library.http(node.url) })
      const all = [
        ...Object.keys(publicActions(plain)),
        ...Object.keys(walletActions(plain)),
        ...Object.keys(testActions({ mode: 'anvil' })(plain)),
      ]
      const missing = all.filter((name) => !site.called.has(name) && !leftOut.has(name))
      assert.deepEqual(missing, [])
    })
    return checks.tally()
  } finally {
    await node.stop()
  }
}

async function readerChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { reader, writer, account, library } = site
  const value = library.parseEther('1')
  const hash = await writer.sendTransaction({ to: nowhere, value })
  const receipt = await reader.waitForTransactionReceipt({ hash })
  const { blockNumber, blockHash } = receipt
  const all: Record<string, () => Promise<unknown>> = {
    getChainId: async () => assert.equal(await reader.getChainId(), chainId),
    getBlockNumber: async () => assert.ok((await reader.getBlockNumber()) >= blockNumber),
    getBlock: async () => {
      assert.equal((await reader.getBlock({ blockNumber })).hash, blockHash)
      const whole = await reader.getBlock({ blockHash, includeTransactions: true })
      assert.equal(whole.transactions[0]?.hash, hash)
      for (const blockTag of ['earliest', 'latest', 'pending', 'safe', 'finalized'] as const) {
        assert.ok(await reader.getBlock({ blockTag }), blockTag)
      }
    },
    getBlockTransactionCount: async () =>
      assert.equal(await reader.getBlockTransactionCount({ blockNumber }), 1),
    getBlockReceipts: async () =>
      assert.equal((await reader.getBlockReceipts({ blockNumber }))[0]?.transactionHash, hash),
    getBalance: async () => assert.equal(await reader.getBalance({ address: nowhere }), value),
    getTransactionCount: async () =>
      assert.ok((await reader.getTransactionCount({ address: account.address })) > 0),
    getCode: async () => assert.equal(await reader.getCode({ address: nowhere }), undefined),
    getDelegation: async () =>
      assert.equal(await reader.getDelegation({ address: nowhere }), undefined),
    getStorageAt: async () =>
      assert.equal(BigInt((await reader.getStorageAt({ address: nowhere, slot: '0x0' })) ?? 1), 0n),
    getStorageValues: async () => {
      const slot = library.numberToHex(0, { size: 32 })
      assert.ok(await reader.getStorageValues({ requests: { [nowhere]: [slot] } } as never))
    },
    getTransaction: async () => {
      assert.equal((await reader.getTransaction({ hash })).value, value)
      assert.equal((await reader.getTransaction({ blockNumber, index: 0 })).hash, hash)
    },
    getRawTransaction: async () =>
      assert.equal(library.keccak256(await reader.getRawTransaction({ hash } as never)), hash),
    getTransactionReceipt: async () =>
      assert.equal((await reader.getTransactionReceipt({ hash })).status, 'success'),
    getTransactionConfirmations: async () =>
      assert.ok((await reader.getTransactionConfirmations({ hash })) >= 1n),
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

async function callChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { reader, account, library } = site
  const all: Record<string, () => Promise<unknown>> = {
    getGasPrice: async () => assert.ok((await reader.getGasPrice()) > 0n),
    getBlobBaseFee: async () => assert.ok((await reader.getBlobBaseFee()) > 0n),
    getFeeHistory: async () => {
      const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] })
      assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1)
    },
    estimateFeesPerGas: async () => assert.ok((await reader.estimateFeesPerGas()).maxFeePerGas),
    estimateMaxPriorityFeePerGas: async () =>
      assert.ok((await reader.estimateMaxPriorityFeePerGas()) >= 0n),
    estimateGas: async () =>
      assert.equal(await reader.estimateGas({ account, to: nowhere, value: 1n }), 21_000n),
    call: async () => assert.equal((await reader.call({ to: nowhere })).data, undefined),
    createAccessList: async () =>
      assert.deepEqual((await reader.createAccessList({ to: nowhere })).accessList, []),
    getProof: async () => {
      const proof = await reader.getProof({ address: nowhere, storageKeys: [] })
      assert.ok(proof.balance > 0n)
    },
    getLogs: async () =>
      assert.deepEqual(await reader.getLogs({ address: nowhere, fromBlock: 0n }), []),
    simulateCalls: async () => {
      const calls = [{ to: nowhere, value: 1n }] as const
      const { results } = await reader.simulateCalls({ account: account.address, calls })
      assert.equal(results[0]?.status, 'success')
    },
    prepareTransactionRequest: async () => {
      const filled = await reader.prepareTransactionRequest({ account, to: nowhere, value: 1n })
      assert.equal(filled.type, 'eip1559')
    },
    fillTransaction: async () => {
      const filled = await reader.fillTransaction({ account, to: nowhere, value: 1n } as never)
      assert.ok(filled)
    },
    'verifyMessage, verifyTypedData, verifyHash': async () => {
      const { address } = account
      const signature = await account.signMessage({ message: 'hello' })
      assert.ok(await reader.verifyMessage({ address, message: 'hello', signature }))
      const hash = library.hashMessage('hello')
      assert.ok(await reader.verifyHash({ address, hash, signature }))
      const data = {
        ...{ domain: { name: 'tool', chainId }, primaryType: 'Note' as const },
        ...{ types: { Note: [{ name: 'text', type: 'string' }] }, message: { text: 'hi' } },
      }
      const signed = await account.signTypedData(data)
      assert.ok(await reader.verifyTypedData({ ...data, address, signature: signed }))
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

async function contractChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { reader, writer, library } = site
  const deploy = { abi: streamAnchorAbi, bytecode: streamAnchorCreationCode } as const
  const hash = await writer.deployContract(deploy)
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
  const address = contractAddress ?? library.zeroAddress
  const memo = library.keccak256('0x01')
  const send = {
    ...{ abi: streamAnchorAbi, address, functionName: 'send' as const },
    args: [memo, '{}', '0x1234'] as const,
  }
  const all: Record<string, () => Promise<unknown>> = {
    estimateContractGas: async () =>
      assert.ok((await reader.estimateContractGas({ ...send, account: site.account })) > 21_000n),
    'simulateContract and writeContract': async () => {
      const { request } = await reader.simulateContract({ ...send, account: site.account })
      const sent = await writer.writeContract(request)
      assert.equal((await reader.waitForTransactionReceipt({ hash: sent })).status, 'success')
    },
    writeContractSync: async () =>
      assert.equal((await writer.writeContractSync(send)).status, 'success'),
    getContractEvents: async () =>
      assert.ok(
        (await reader.getContractEvents({ abi: streamAnchorAbi, address, fromBlock: 0n })).length >
          1,
      ),
    readContract: async () => {
      const made = await writer.deployContract({
        ...{ abi: depositVaultAbi, bytecode: depositVaultCreationCode },
        args: [library.zeroAddress, site.account.address],
      })
      const { contractAddress: vault } = await reader.waitForTransactionReceipt({ hash: made })
      const role = { abi: depositVaultAbi, address: vault ?? library.zeroAddress } as const
      const functionName = 'DEFAULT_ADMIN_ROLE' as const
      assert.equal(BigInt(await reader.readContract({ ...role, functionName })), 0n)
    },
    filters: async () => {
      const event = { abi: streamAnchorAbi, address, fromBlock: 0n } as const
      const contract = await reader.createContractEventFilter(event)
      assert.ok((await reader.getFilterLogs({ filter: contract })).length > 0)
      const events = await reader.createEventFilter({ address })
      const blocks = await reader.createBlockFilter()
      const pending = await reader.createPendingTransactionFilter()
      const sent = await writer.writeContract(send)
      await reader.waitForTransactionReceipt({ hash: sent })
      assert.equal((await reader.getFilterChanges({ filter: events })).length, 1)
      assert.ok((await reader.getFilterChanges({ filter: blocks })).length > 0)
      assert.ok((await reader.getFilterChanges({ filter: pending })).includes(sent))
      assert.ok(await reader.uninstallFilter({ filter: blocks }))
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

async function watcherChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { reader, writer, library } = site
  const hash = await writer.deployContract({
    ...{ abi: streamAnchorAbi, bytecode: streamAnchorCreationCode },
  })
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
  const address = contractAddress ?? library.zeroAddress
  const heard = (start: (done: () => void) => () => void) => async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = start(resolve)
    // The watchers look first, and hear only of what comes after that.
    await new Promise((ready) => setTimeout(ready, 300))
    const args = [library.keccak256('0x01'), '{}', '0x12'] as const
    await writer.writeContract({ abi: streamAnchorAbi, address, functionName: 'send', args })
    await promise
    stop()
  }
  const all: Record<string, () => Promise<unknown>> = {
    watchBlocks: heard((done) => reader.watchBlocks({ onBlock: done })),
    watchBlockHeaders: heard((done) => site.socket.watchBlockHeaders({ onBlockHeader: done })),
    watchBlockNumber: heard((done) => reader.watchBlockNumber({ onBlockNumber: done })),
    watchEvent: heard((done) => reader.watchEvent({ address, onLogs: done })),
    watchContractEvent: heard((done) =>
      reader.watchContractEvent({ abi: streamAnchorAbi, address, onLogs: done }),
    ),
    watchPendingTransactions: heard((done) =>
      reader.watchPendingTransactions({ onTransactions: done }),
    ),
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

async function writerChecks(checks: Checks, site: ViemSite): Promise<void> {
  const { reader, writer, remote, account, library } = site
  const all: Record<string, () => Promise<unknown>> = {
    getAddresses: async () => assert.ok((await remote.getAddresses()).length > 0),
    sendTransactionSync: async () => {
      const receipt = await writer.sendTransactionSync({ to: nowhere, value: 1n })
      assert.equal(receipt.status, 'success')
    },
    'signTransaction, sendRawTransaction and sendRawTransactionSync': async () => {
      const signed = async () =>
        writer.signTransaction(await writer.prepareTransactionRequest({ to: nowhere, value: 1n }))
      const hash = await writer.sendRawTransaction({ serializedTransaction: await signed() })
      await reader.waitForTransactionReceipt({ hash })
      const serializedTransaction = await signed()
      const receipt = await writer.sendRawTransactionSync({ serializedTransaction })
      assert.equal(receipt.status, 'success')
    },
    'signMessage and signTypedData by the node': async () => {
      const [address = nowhere] = await remote.getAddresses()
      const signature = await remote.signMessage({ account: address, message: 'hi' })
      assert.ok(await library.verifyMessage({ address, message: 'hi', signature }))
      const data = {
        ...{ domain: { name: 'tool', chainId }, primaryType: 'Note' as const },
        ...{ types: { Note: [{ name: 'text', type: 'string' }] }, message: { text: 'hi' } },
      } as const
      const signed = await remote.signTypedData({ ...data, account: address })
      assert.ok(await library.verifyTypedData({ ...data, address, signature: signed }))
      await writer.signMessage({ message: 'hi' })
      await writer.signTypedData(data)
    },
    'prepareAuthorization and signAuthorization': async () => {
      await writer.prepareAuthorization({ contractAddress: nowhere })
      const authorization = await writer.signAuthorization({
        ...{ contractAddress: nowhere, executor: 'self' as const },
      })
      const hash = await writer.sendTransaction({
        ...{ to: account.address, authorizationList: [authorization] },
      })
      assert.equal((await reader.waitForTransactionReceipt({ hash })).type, 'eip7702')
      const delegation = await reader.getDelegation({ address: account.address })
      assert.equal(delegation?.toLowerCase(), nowhere)
    },
  }
  for (const [name, run] of Object.entries(all)) await checks.check(name, run)
}

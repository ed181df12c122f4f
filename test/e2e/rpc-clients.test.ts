/** Checks that the clients people use work against our JSON-RPC as they are. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ContractFactory, ethers } from 'ethers'
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  keccak256,
  parseEther,
  stringToHex,
  webSocket,
  zeroAddress,
} from 'viem'
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { depositVaultAbi, depositVaultCreationCode } from '../../src/abi/deposit-vault.gen.ts'
import { streamAnchorAbi, streamAnchorCreationCode } from '../../src/abi/stream-anchor.gen.ts'
import { toHex } from '../../src/base/bytes.ts'
import { testAccounts } from '../../src/rpc/test-chain/open-chain.ts'
import { serveRpc } from '../../src/rpc/test-chain/open-rpc.ts'
import { eventually, root } from './program.ts'

const words = 'test test test test test test test test test test test junk'
const admin = mnemonicToAccount(words)
const depositor = mnemonicToAccount(words, { addressIndex: 1 })
const nowhere = '0x00000000000000000000000000000000000ff001'
const memo = keccak256(stringToHex('memo'))

function viemClients(url: string, ws: string) {
  const chain = defineChain({
    id: 20_250,
    name: 'dev',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [url], webSocket: [ws] } },
  })
  const pollingInterval = 50
  return {
    reader: createPublicClient({ chain, transport: http(), pollingInterval }),
    watcher: createPublicClient({ chain, transport: webSocket() }),
    writer: createWalletClient({ chain, transport: http(), account: admin }),
  }
}

describe('viem', () => {
  test('deploys, writes, reads, and watches events over a WebSocket', async (t) => {
    const { url, ws } = await serveRpc(t)
    const { reader, watcher, writer } = viemClients(url, ws)
    const deployed = await reader.waitForTransactionReceipt({
      hash: await writer.deployContract({
        abi: depositVaultAbi,
        bytecode: depositVaultCreationCode,
        args: [zeroAddress, admin.address],
      }),
    })
    const address = deployed.contractAddress ?? zeroAddress
    const contract = { abi: depositVaultAbi, address } as const
    const seen: unknown[] = []
    const blocks: bigint[] = []
    const unwatch = [
      watcher.watchContractEvent({
        ...contract,
        eventName: 'Deposited',
        onLogs: (logs) => seen.push(...logs.map((log) => log.args)),
      }),
      watcher.watchBlockNumber({ onBlockNumber: (number) => blocks.push(number) }),
    ]
    await eventually(async () => blocks[0])
    const { request } = await reader.simulateContract({
      ...{ ...contract, functionName: 'deposit', args: [memo] },
      ...{ account: depositor, value: parseEther('1.5') },
    })
    const hash = await writer.writeContract(request)
    const receipt = await reader.waitForTransactionReceipt({ hash })
    assert.equal(receipt.status, 'success')
    await eventually(async () => seen[0])
    const event = { account: depositor.address, amount: parseEther('1.5'), memo }
    assert.deepEqual(seen, [event])
    const events = await reader.getContractEvents({ ...contract, fromBlock: 0n })
    const [log] = events.filter(({ eventName }) => eventName === 'Deposited')
    assert.deepEqual(log?.args, event)
    assert.equal(log?.transactionHash, hash)
    assert.equal(await reader.getBalance({ address }), parseEther('1.5'))
    assert.ok((await reader.getTransaction({ hash })).blockNumber)
    assert.equal((await reader.getBlock({ includeTransactions: true })).uncles.length, 0)
    for (const stop of unwatch) stop()
    await (await watcher.transport.getRpcClient()).close()
  })

  test('reads the error that a contract reverts with', async (t) => {
    const { url, ws } = await serveRpc(t)
    const { reader, writer } = viemClients(url, ws)
    const hash = await writer.deployContract({
      abi: depositVaultAbi,
      bytecode: depositVaultCreationCode,
      args: [zeroAddress, admin.address],
    })
    const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
    const address = contractAddress ?? zeroAddress
    const call = { abi: depositVaultAbi, address, functionName: 'deposit', args: [memo] } as const
    await assert.rejects(reader.simulateContract({ ...call, account: depositor }), (error) => {
      const reverted =
        error instanceof BaseError &&
        error.walk((one) => one instanceof ContractFunctionRevertedError)
      assert.ok(reverted instanceof ContractFunctionRevertedError)
      assert.equal(reverted.data?.errorName, 'NoAmount')
      return true
    })
  })

  test('lets an account delegate to code (EIP-7702)', async (t) => {
    const { url, ws } = await serveRpc(t)
    const { reader, writer } = viemClients(url, ws)
    const hash = await writer.deployContract({
      abi: streamAnchorAbi,
      bytecode: streamAnchorCreationCode,
    })
    const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
    const delegate = contractAddress ?? zeroAddress
    const authorization = await writer.signAuthorization({
      account: depositor,
      contractAddress: delegate,
    })
    const sent = await writer.writeContract({
      ...{ abi: streamAnchorAbi, address: depositor.address, functionName: 'send' },
      ...{ args: [memo, '{}', '0x1234'], authorizationList: [authorization] },
    })
    const receipt = await reader.waitForTransactionReceipt({ hash: sent })
    assert.equal(receipt.status, 'success')
    assert.equal(receipt.type, 'eip7702')
    assert.equal(receipt.logs[0]?.address, depositor.address.toLowerCase())
    const code = await reader.getCode({ address: depositor.address })
    assert.equal(code, `0xef0100${delegate.slice(2).toLowerCase()}`)
    const tx = await reader.getTransaction({ hash: sent })
    assert.equal(tx.authorizationList?.[0]?.address, delegate.toLowerCase())
  })

  test('uses the accounts of the node', async (t) => {
    const { url, ws } = await serveRpc(t)
    const { reader, writer } = viemClients(url, ws)
    const [account = zeroAddress] = await writer.getAddresses()
    const hash = await writer.sendTransaction({ account, to: nowhere, value: 5n })
    await reader.waitForTransactionReceipt({ hash })
    assert.equal(await reader.getBalance({ address: nowhere }), 5n)
    const signature = await writer.signMessage({ account, message: 'who are you?' })
    assert.ok(await reader.verifyMessage({ address: account, message: 'who are you?', signature }))
  })
})

describe('ethers', () => {
  test('deploys, writes and hears events over HTTP and WebSocket', async (t) => {
    const { url, ws } = await serveRpc(t)
    const provider = new ethers.JsonRpcProvider(url, undefined, { polling: true })
    provider.pollingInterval = 50
    const socket = new ethers.WebSocketProvider(ws)
    t.after(async () => {
      provider.destroy()
      await socket.destroy()
    })
    const signer = new ethers.NonceManager(ethers.Wallet.fromPhrase(words, provider))
    const factory = new ContractFactory(streamAnchorAbi, streamAnchorCreationCode, signer)
    const deployed = await (await factory.deploy()).waitForDeployment()
    const address = await deployed.getAddress()
    const heard = Promise.withResolvers<unknown>()
    const listening = new ethers.Contract(address, streamAnchorAbi, socket)
    await listening.on('MessageSent', (...args) => heard.resolve(args.at(-1).log.transactionHash))
    const contract = new ethers.Contract(address, streamAnchorAbi, signer)
    const sent = await contract.getFunction('send')(memo, '{}', '0xabcd')
    const receipt = await sent.wait()
    assert.equal(receipt.status, 1)
    assert.equal(await heard.promise, sent.hash)
    const logs = await provider.getLogs({ address, fromBlock: 0 })
    assert.deepEqual(
      logs.map((log) => log.transactionHash),
      [sent.hash],
    )
    await assert.rejects(
      contract.getFunction('send').staticCall(memo, '{}', new Uint8Array(100_000)),
      (error) => ethers.isError(error, 'CALL_EXCEPTION') && error.revert?.name === 'TooLong',
    )
    const remote = await provider.getSigner(1)
    const paid = await remote.sendTransaction({ to: nowhere, value: 7n })
    const mined = await paid.wait()
    assert.equal(mined?.status, 1)
    assert.equal((await provider.getFeeData()).maxPriorityFeePerGas, 1_000_000_000n)
    const block = await provider.getBlock(mined.blockNumber, true)
    assert.equal(block?.prefetchedTransactions[0]?.hash, paid.hash)
  })
})

/** What the test uses of Hardhat, which is a package of the contracts workspace. */
interface Hardhat {
  createHardhatRuntimeEnvironment(
    config: object,
    options: object,
    folder: string,
  ): Promise<{ network: { create(name: string): Promise<{ provider: HardhatProvider }> } }>
}

interface HardhatProvider {
  request(call: { method: string; params: readonly unknown[] }): Promise<unknown>
  close(): Promise<void>
}

async function loadHardhat(): Promise<Hardhat> {
  const contracts = createRequire(path.join(root, 'contracts/package.json'))
  return import(pathToFileURL(contracts.resolve('hardhat/hre')).href)
}

describe('Hardhat', () => {
  for (const accounts of ['remote', testAccounts.map(({ key }) => toHex(key))]) {
    const whose = accounts === 'remote' ? "the node's accounts" : 'keys of its own'
    test(`uses it as an external network with ${whose}`, async (t) => {
      const { url } = await serveRpc(t)
      const config = { networks: { own: { type: 'http', url, accounts, chainId: 20_250 } } }
      const { createHardhatRuntimeEnvironment } = await loadHardhat()
      const folder = path.join(root, 'contracts')
      const runtime = await createHardhatRuntimeEnvironment(config, {}, folder)
      const { provider } = await runtime.network.create('own')
      const request = async <T>(method: string, ...params: readonly unknown[]) =>
        (await provider.request({ method, params })) as T
      const [from] = await request<Hex[]>('eth_accounts')
      assert.equal(from, testAccounts[0]?.address)
      const transaction = { from, data: streamAnchorCreationCode }
      const hash = await request<Hex>('eth_sendTransaction', transaction)
      const receipt = await eventually(
        async () =>
          (await request<{ status: Hex; contractAddress: Hex } | null>(
            'eth_getTransactionReceipt',
            hash,
          )) ?? undefined,
      )
      assert.equal(receipt.status, '0x1')
      assert.notEqual(await request('eth_getCode', receipt.contractAddress, 'latest'), '0x')
      await provider.close()
    })
  }
})

test('a local private key sends a transfer', async (t) => {
  const { url, ws } = await serveRpc(t)
  const { reader, writer } = viemClients(url, ws)
  const account = privateKeyToAccount(toHex(testAccounts[3]?.key ?? new Uint8Array(32)))
  const gas = await reader.estimateGas({ account, to: admin.address, value: 1n })
  assert.equal(gas, 21_000n)
  const hash = await writer.sendTransaction({ account, to: admin.address, value: 1n, gas })
  assert.equal((await reader.waitForTransactionReceipt({ hash })).gasUsed, 21_000n)
})

/** Works with contracts on a running node: by the REST interface, and by the typed library. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import {
  getContractAddress,
  hashMessage,
  serializeErc6492Signature,
  verifyMessage,
  verifyTypedData,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  allocationTokenAbi,
  allocationTokenCreationCode,
} from '../../src/abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../../src/abi/deposit-vault.gen.ts'
import { connectChain } from '../../src/node/library.ts'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'

/** Second account of the well-known test mnemonic. */
const key = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'
const account = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
const reference = (digit: string) => `0x${digit.repeat(64)}` as const

/** Code of a wallet that takes what the key of this account signed for its own signature, by ecrecover (ERC-1271). */
function walletCode(owner: string): `0x${string}` {
  const words = '600435600052' + '60a43560f81c602052' + '606435604052' + '608435606052'
  const compared = `602060006080600060015afa5060005173${owner.slice(2)}14`
  const runtime = `${words}${compared}631626ba7e0260e01b60005260206000f3`
  return `0x60${(runtime.length / 2).toString(16)}80600b6000396000f3${runtime}`
}

/** Creation code of a factory that creates what it is given, by CREATE2 with the salt 0. */
const factoryCode = '0x601680600b6000396000f336600060003760003660006000f560005260206000f3'

interface Fields {
  readonly [name: string]: unknown
}

interface Sent {
  readonly id: string
  readonly hash: string
  readonly state: string
  readonly succeeded: boolean | null
  readonly contractAddress: `0x${string}` | null
  readonly gas: string
}

describe('contracts', { timeout: 240_000 }, () => {
  let node: RunningNode
  const cleaning: (() => Promise<void>)[] = []
  before(async () => {
    const data = await temporaryFolder({ after: (run) => void cleaning.unshift(run) })
    const given = { dev: true, demo: false, data, rpcPort: 0, apiPort: 0, blockTime: 0.2 }
    const started = await startNode(given)
    assert.ok(started)
    node = started
    cleaning.unshift(() => started.stop())
  })
  after(async () => {
    for (const run of cleaning) await run()
  })

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${node.apiUrl}/v1/contracts${path}`, {
      ...{ method: 'POST', body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', ...headers },
    })
    const answer = (await response.json()) as { [name: string]: unknown }
    return { status: response.status, answer }
  }
  const errorOf = ({ answer }: { answer: { [name: string]: unknown } }) =>
    answer.error as { code: string; message: string }

  test('by REST one is deployed under a name, asked, estimated, and sent to once for a key', async () => {
    const { senderAddress } = node
    const deployed = await post('/deploy', {
      ...{ bytecode: allocationTokenCreationCode, abi: allocationTokenAbi },
      ...{ args: [senderAddress], name: 'coin' },
    })
    assert.equal(deployed.status, 200, JSON.stringify(deployed.answer))
    const { contractAddress } = deployed.answer as unknown as Sent
    assert.match(contractAddress ?? '', /^0x[0-9a-f]{40}$/)
    const role = await post('/call', { contract: 'coin', function: 'ALLOCATOR_ROLE' })
    const grant = {
      contract: 'coin',
      function: 'grantRole',
      args: [role.answer.result, senderAddress],
    }
    const estimate = await post('/estimate', grant)
    assert.ok(Number(estimate.answer.gas) > 21_000)
    const once = { 'idempotency-key': 'grant-1' }
    const [first, again] = [await post('/send', grant, once), await post('/send', grant, once)]
    assert.equal(first.status, 200)
    assert.equal(again.answer.hash, first.answer.hash)
    const args = [account, '5', reference('1')]
    const allocation = await post('/send', { contract: 'coin', function: 'allocate', args })
    assert.equal(allocation.answer.succeeded, true)
    const balance = { contract: 'coin', function: 'balanceOf', args: [account] }
    assert.deepEqual((await post('/call', balance)).answer, { result: '5' })
    const twice = await post('/estimate', { contract: 'coin', function: 'allocate', args })
    assert.equal(twice.status, 422)
    assert.match(errorOf(twice).message, /would be reverted: AlreadyAllocated\(0x1/)
    const sent = await getJson<{ items: Sent[] }>(`${node.apiUrl}/v1/transactions?limit=2`)
    assert.equal(sent.items[0]?.hash, allocation.answer.hash)
    const one = await getJson<Sent>(`${node.apiUrl}/v1/transactions/${sent.items[0]?.id}`)
    assert.equal(one.succeeded, true)
    const lanes = await getJson<{ items: { address: string }[] }>(`${node.apiUrl}/v1/senders`)
    assert.equal(lanes.items[0]?.address, senderAddress)
  })

  test('one that is reverted in its block, since another one came first, is told with the reason', async () => {
    const deployed = await post('/deploy', {
      ...{ bytecode: allocationTokenCreationCode, abi: allocationTokenAbi },
      ...{ args: [node.senderAddress], name: 'raced' },
    })
    assert.equal(deployed.status, 200, JSON.stringify(deployed.answer))
    const role = await post('/call', { contract: 'raced', function: 'ALLOCATOR_ROLE' })
    const grant = [role.answer.result, node.senderAddress]
    await post('/send', { contract: 'raced', function: 'grantRole', args: grant })
    // Both are simulated before either is in a block, unless a block comes just between.
    const reverted = await eventually(async () => {
      const args = [account, '5', `0x${randomBytes(32).toString('hex')}`]
      const allocate = { contract: 'raced', function: 'allocate', args }
      const both = await Promise.all([post('/send', allocate), post('/send', allocate)])
      return both.find(({ status, answer }) => status === 200 && answer.succeeded === false)
    })
    assert.match(String(reverted.answer.problem), /reverted in block \d+: AlreadyAllocated\(0x/)
  })

  test('what is wrong with a request is told, and nothing is sent', async () => {
    const before = await getJson<{ items: Sent[] }>(`${node.apiUrl}/v1/transactions?limit=200`)
    const bad = [
      [{ contract: 'nobody', function: 'f()' }, /neither an address nor the name/],
      [{ contract: 'depositVault', function: 'gone' }, /has no function "gone"/],
      [{ contract: 'depositVault', function: 'deposit', args: [] }, /1 arguments are needed/],
      [{ contract: 'depositVault', function: 'deposit', args: ['0x12'] }, /deposit/],
    ] as const
    for (const [body, words] of bad) {
      const answer = await post('/send', body)
      assert.equal(answer.status, 400)
      assert.match(errorOf(answer).message, words)
    }
    const refused = await post('/send', {
      contract: 'allocationToken',
      function: 'transfer',
      args: [account, '1'],
    })
    assert.equal(refused.status, 422)
    assert.match(errorOf(refused).message, /ERC20InsufficientBalance\(/)
    const all = { contract: 'depositVault', function: 'deposit', args: [reference('3')] }
    const poor = await post('/send', { ...all, value: String(10n ** 30n) })
    assert.equal(poor.status, 409)
    assert.equal(errorOf(poor).code, 'workflow/no-funds')
    assert.equal((await post('', { name: 'coin', address: account, abi: [] })).status, 409)
    const after = await getJson<{ items: Sent[] }>(`${node.apiUrl}/v1/transactions?limit=200`)
    assert.equal(after.items.length, before.items.length)
  })

  test('the library is typed by the ABI, reads, sends with events, and tells errors by name', async () => {
    const chain = await connectChain({ endpoint: node.rpcUrl ?? '', signer: key, pollMs: 50 })
    const address = (node.contracts.depositVault ?? assert.fail()) as `0x${string}`
    const vault = chain.contract({ abi: depositVaultAbi, address })
    const sent = await vault.send('deposit', [reference('2')], { value: 7n })
    const [deposited] = sent.events.filter((event) => event.eventName === 'Deposited')
    const amount: bigint | undefined = deposited?.args.amount
    assert.equal(amount, 7n)
    const { contract: token } = await chain.deploy({
      ...{ abi: allocationTokenAbi, bytecode: allocationTokenCreationCode, args: [account] },
    })
    const balance: bigint = await token.read('balanceOf', [account])
    assert.equal(balance, 0n)
    await assert.rejects(token.send('transfer', [account, 1n]), {
      ...{ code: 'workflow/call-reverted', message: /ERC20InsufficientBalance/ },
    })
    assert.ok((await token.estimate('approve', [account, 1n])) > 21_000n)
    // @ts-expect-error the ABI has no such function
    await assert.rejects(token.read('balanceOff', [account]))
    // @ts-expect-error an amount is a bigint
    const wrong = () => token.send('transfer', [account, '1'])
    assert.equal(typeof wrong, 'function')
    await chain.close()
  })

  test('messages and typed data are signed by REST with the key of an account, for this chain, and no nonce is taken', async () => {
    const chain = await connectChain({ endpoint: node.rpcUrl ?? '', signer: key })
    const lanes = () => getJson<{ items: object[] }>(`${node.apiUrl}/v1/senders`)
    const nonceOf = async (of: string) => {
      const body = { jsonrpc: '2.0', id: 1, method: 'eth_getTransactionCount', params: [of] }
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', body: JSON.stringify(body), headers }
      return (await (await fetch(node.rpcUrl ?? '', init)).json()) as object
    }
    const address = (node.senderAddress ?? '') as `0x${string}`
    const before = [await lanes(), await nonceOf(address)]
    const typedData = {
      types: { Order: [{ name: 'amount', type: 'uint256' }] },
      primaryType: 'Order',
      domain: { name: 'orders', chainId: chain.chainId },
      message: { amount: String(2n ** 255n) },
    } as const
    const signedBy = async (body: object) => {
      const { status, answer } = await post('/sign', body)
      assert.equal(status, 200, JSON.stringify(answer))
      assert.equal(answer.address, address)
      return answer as { hash: `0x${string}`; signature: `0x${string}` }
    }
    const text = await signedBy({ message: 'it is me' })
    assert.equal(text.hash, hashMessage('it is me'))
    const { signature } = text
    assert.ok(await verifyMessage({ address, message: 'it is me', signature }))
    const order = await signedBy({ typedData, from: address })
    const asOrder = { ...typedData, message: { amount: 2n ** 255n } }
    assert.ok(await verifyTypedData({ address, ...asOrder, signature: order.signature }))
    const own = await chain.sign({ typedData: asOrder })
    assert.ok(await verifyTypedData({ address: account, ...asOrder, signature: own.signature }))

    const elsewhere = { ...typedData, domain: { ...typedData.domain, chainId: '0x1' } }
    const bad = [
      [{ message: 'a', from: account }, 403, /no key of 0x/],
      [{ message: 'a', typedData }, 400, /takes "message" or "typedData"/],
      [{ typedData: elsewhere }, 400, /is for chain 0x1, not for \d+/],
      [{ typedData: { ...typedData, primaryType: 'Gone' } }, 400, /Gone/],
    ] as const
    for (const [body, status, words] of bad) {
      const refused = await post('/sign', body)
      assert.equal(refused.status, status)
      assert.match(errorOf(refused).message, words)
    }
    await assert.rejects(chain.sign({ typedData: elsewhere }), { code: 'workflow/bad-input' })
    assert.deepEqual([await lanes(), await nonceOf(address)], before)
    await chain.close()
  })

  const run = async (task: object, input: object) => {
    const definition = {
      document: { dsl: '1.0.3', namespace: 'default', name: 'it', version: '1.0.0' },
      do: [{ task }],
    }
    const workflows = (path: string, body: object) =>
      fetch(`${node.apiUrl}/v1/workflows${path}`, {
        ...{ method: 'POST', body: JSON.stringify(body) },
        headers: { 'content-type': 'application/json' },
      })
    const deployed = await workflows('', { definition })
    assert.ok(deployed.ok, await deployed.text())
    const { id } = (await (await workflows('/it/run', { input })).json()) as { id: string }
    return eventually(async () => {
      const seen = await getJson<{ status: string; output: Fields; problem?: Fields }>(
        `${node.apiUrl}/v1/instances/${id}`,
      )
      assert.notEqual(seen.status, 'failed', JSON.stringify(seen.problem))
      return seen.status === 'completed' ? seen.output : undefined
    })
  }

  test('a workflow asks a contract who signed, also one that is not deployed yet', async () => {
    const asking = {
      message: '${ .message }',
      signature: '${ .signature }',
      signer: '${ .signer }',
    }
    const verify = { call: 'identity.verify', with: asking }
    const owner = privateKeyToAccount(key)
    const bytecode = walletCode(owner.address.toLowerCase())
    const { answer } = await post('/deploy', { bytecode, name: 'wallet' })
    const signer = (answer as unknown as Sent).contractAddress
    const message = 'it is me'
    const signature = await owner.signMessage({ message })
    const valid = { valid: true, kind: 'contract', signer }
    assert.deepEqual(await run(verify, { message, signature, signer }), valid)
    const forged = await run(verify, { message: 'it is you', signature, signer })
    assert.equal(forged.valid, false)
    const factory = (await post('/deploy', { bytecode: factoryCode, name: 'factory' })).answer
    const from = (factory as unknown as Sent).contractAddress ?? '0x'
    // The code of one that is not there differs by a byte that nothing reaches.
    const later = `${bytecode}00` as const
    const place = {
      opcode: 'CREATE2',
      from,
      salt: `0x${'00'.repeat(32)}`,
      bytecode: later,
    } as const
    const future = getContractAddress(place)
    const wrapped = serializeErc6492Signature({ address: from, data: later, signature })
    const asked = { signature: wrapped, signer: future }
    const right = await run(verify, { message, ...asked })
    assert.deepEqual(right, { ...valid, signer: future })
    assert.equal((await run(verify, { message: 'it is you', ...asked })).valid, false)
  })

  test('a workflow brings what sources agree on to a contract, in one transaction', async () => {
    const before = await getJson<{ items: Sent[] }>(`${node.apiUrl}/v1/transactions?limit=200`)
    const answers = [reference('a'), reference('A'), reference('b'), null]
    const task = {
      call: 'oracle.answer',
      with: {
        answers: '${ .answers }',
        quorum: 2,
        contract: 'depositVault',
        function: 'deposit',
        value: '9',
      },
    }
    const output = await run(task, { answers })
    assert.equal(output.answer, reference('a'))
    assert.deepEqual(output.outliers, [{ source: '#2', value: reference('b') }])
    const after = await getJson<{ items: Sent[] }>(`${node.apiUrl}/v1/transactions?limit=200`)
    assert.equal(after.items.length, before.items.length + 1)
    assert.equal(after.items[0]?.hash, output.hash)
  })
})

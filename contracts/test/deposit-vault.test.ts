/** Deposits, refunds, settles and withdraws, and tries to take what belongs to others. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { type Abi, type Address, type Hex, keccak256, parseEventLogs, stringToHex } from 'viem'
import {
  depositVaultAbi as abi,
  depositVaultCreationCode,
} from '../../src/abi/deposit-vault.gen.ts'
import { type Call, reverts, simulatedChain } from './simulated-chain.ts'

let chain: Awaited<ReturnType<typeof simulatedChain>>
let vault: { address: Address; abi: typeof abi }
const token = '0x00000000000000000000000000000000000000aa'

before(async () => {
  chain = await simulatedChain()
  const code = { abi, bytecode: depositVaultCreationCode }
  vault = { abi, address: await chain.deploy(code, token, chain.admin) }
  for (const name of ['REFUNDER_ROLE', 'TREASURER_ROLE']) await grant(name, chain.worker)
})
after(() => chain.close())

const ref = (text: string) => keccak256(stringToHex(text))
const write = (from: Address, call: Call) => chain.write(from, vault, call)
const grant = (role: string, to: Address) =>
  write(chain.admin, { functionName: 'grantRole', args: [ref(role), to] })
const deposit = (from: Address, value: bigint) =>
  write(from, { functionName: 'deposit', args: [ref('memo')], value })
const refund = (to: Address, amount: bigint, reference: string, from = chain.worker) =>
  write(from, { functionName: 'refund', args: [to, amount, ref(reference)] })
const settle = (of: Address, amount: bigint, from = chain.worker) =>
  write(from, { functionName: 'settle', args: [of, amount] })
const withdraw = (amount: bigint, from = chain.worker) =>
  write(from, { functionName: 'withdraw', args: [chain.bob, amount] })
const held = () => chain.reader.getBalance({ address: vault.address })
const refundable = (account: Address) =>
  chain.reader.readContract({ ...vault, functionName: 'refundable', args: [account] })

test('a deposit is kept for its account, with an event', async () => {
  const { logs } = await deposit(chain.alice, 100n)
  const [event] = parseEventLogs({ abi, logs, eventName: 'Deposited' })
  assert.equal(event?.args.account.toLowerCase(), chain.alice.toLowerCase())
  assert.equal(event?.args.amount, 100n)
  assert.equal(event?.args.memo, ref('memo'))
  assert.equal(await refundable(chain.alice), 100n)
  const named = await chain.reader.readContract({ ...vault, functionName: 'allocationToken' })
  assert.equal(named.toLowerCase(), token)
})

test('a deposit of nothing, and value without a call, are refused', async () => {
  await reverts(deposit(chain.alice, 0n), 'NoAmount')
  const bare = chain.reader.call({ account: chain.alice, to: vault.address, value: 1n })
  await assert.rejects(bare)
})

test('a refund pays once for a reference, from the own deposits only', async () => {
  await deposit(chain.bob, 1_000n)
  const before = await chain.reader.getBalance({ address: chain.alice })
  await refund(chain.alice, 60n, 'one')
  assert.equal((await chain.reader.getBalance({ address: chain.alice })) - before, 60n)
  await reverts(refund(chain.alice, 10n, 'one'), 'AlreadyRefunded')
  await reverts(refund(chain.alice, 41n, 'two'), 'NotEnough')
  await reverts(refund(chain.alice, 0n, 'three'), 'NoAmount')
  await refund(chain.alice, 40n, 'two')
  assert.equal(await refundable(chain.alice), 0n)
})

test('what is settled can be withdrawn, and not refunded', async () => {
  await settle(chain.bob, 700n)
  await reverts(refund(chain.bob, 301n, 'four'), 'NotEnough')
  await reverts(withdraw(701n), 'NotEnough')
  await reverts(withdraw(0n), 'NoAmount')
  await withdraw(700n)
  await refund(chain.bob, 300n, 'four')
  assert.equal(await held(), 0n)
})

test('each right needs its role', async () => {
  const denied = 'AccessControlUnauthorizedAccount'
  await deposit(chain.alice, 5n)
  await reverts(refund(chain.alice, 1n, 'five', chain.alice), denied)
  await reverts(refund(chain.alice, 1n, 'five', chain.admin), denied)
  await reverts(settle(chain.alice, 1n, chain.admin), denied)
  await reverts(withdraw(1n, chain.admin), denied)
})

test('an account that asks again while it is paid gets nothing more', async () => {
  const file = new URL('../artifacts/src/test/Reentrant.sol/Reentrant.json', import.meta.url)
  const attacker = JSON.parse(await readFile(file, 'utf8')) as { abi: Abi; bytecode: Hex }
  const address = await chain.deploy(attacker, vault.address)
  const contract = { address, abi: attacker.abi }
  await grant('REFUNDER_ROLE', address)
  await chain.write(chain.alice, contract, { functionName: 'deposit', value: 50n })
  const before = await held()
  await chain.write(chain.alice, contract, { functionName: 'attack', args: [50n] })
  assert.equal(before - (await held()), 50n)
  assert.equal(await chain.reader.readContract({ ...contract, functionName: 'wasRefused' }), true)
})

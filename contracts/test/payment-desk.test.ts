/** Asks for payments, pays and refuses them, and tries to decide one twice. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Abi, type Address, type Hex, parseEventLogs } from 'viem'
import { reverts, simulatedChain } from './simulated-chain.ts'

let chain: Awaited<ReturnType<typeof simulatedChain>>
let desk: { address: Address; abi: Abi }

before(async () => {
  chain = await simulatedChain()
  const file = path.join(
    import.meta.dirname,
    '../../examples/treasury-approval/payment-desk.gen.json',
  )
  const { abi, bytecode } = JSON.parse(await readFile(file, 'utf8')) as { abi: Abi; bytecode: Hex }
  desk = { abi, address: await chain.deploy({ abi, bytecode }) }
  await chain.write(chain.alice, desk, { functionName: 'fund', value: 100n })
})
after(() => chain.close())

const payee = '0x00000000000000000000000000000000000000aa'
async function request(amount: bigint, purpose = 'chairs') {
  const args = [payee, amount, purpose]
  const { logs } = await chain.write(chain.bob, desk, { functionName: 'request', args })
  const [event] = parseEventLogs({ abi: desk.abi, logs, eventName: 'PaymentRequested' })
  assert.ok(event)
  return (event.args as unknown as { id: bigint }).id
}
const decide = (from: Address, functionName: string, ...args: readonly unknown[]) =>
  chain.write(from, desk, { functionName, args })
const held = () => chain.reader.getBalance({ address: payee })

test('a request is paid once, and not refused then', async () => {
  const id = await request(30n)
  await decide(chain.admin, 'pay', id)
  assert.equal(await held(), 30n)
  await reverts(decide(chain.admin, 'pay', id), 'NotOpen')
  await reverts(decide(chain.admin, 'refuse', id, 'late'), 'NotOpen')
  assert.equal(await held(), 30n)
})

test('a request that is refused is never paid', async () => {
  const id = await request(30n)
  await decide(chain.admin, 'refuse', id, 'no')
  await reverts(decide(chain.admin, 'pay', id), 'NotOpen')
})

test('only the payer decides, and only about what was asked', async () => {
  const id = await request(30n)
  await reverts(decide(chain.bob, 'pay', id), 'AccessControlUnauthorizedAccount')
  await reverts(decide(chain.bob, 'refuse', id, 'no'), 'AccessControlUnauthorizedAccount')
  await reverts(decide(chain.admin, 'pay', id + 1n), 'NotOpen')
  await reverts(request(0n), 'NoAmount')
  await reverts(request(1n, 'x'.repeat(257)), 'TooLong')
})

test('what is not there is not paid, and the request stays open', async () => {
  const id = await request(1_000n)
  await assert.rejects(decide(chain.admin, 'pay', id))
  await decide(chain.admin, 'refuse', id, 'too much')
})

/** Allocates tokens: who may, how often, how many. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Address, keccak256, parseEventLogs, stringToHex, zeroHash } from 'viem'
import {
  allocationTokenAbi as abi,
  allocationTokenCreationCode,
} from '../../src/abi/allocation-token.gen.ts'
import { reverts, simulatedChain } from './simulated-chain.ts'

let chain: Awaited<ReturnType<typeof simulatedChain>>
let token: { address: Address; abi: typeof abi }

before(async () => {
  chain = await simulatedChain()
  const code = { abi, bytecode: allocationTokenCreationCode }
  token = { abi, address: await chain.deploy(code, chain.admin) }
  const args = [keccak256(stringToHex('ALLOCATOR_ROLE')), chain.worker]
  await chain.write(chain.admin, token, { functionName: 'grantRole', args })
})
after(() => chain.close())

const ref = (text: string) => keccak256(stringToHex(text))
const allocate = (from: Address, amount: bigint, reference: string) =>
  chain.write(from, token, {
    functionName: 'allocate',
    args: [chain.alice, amount, ref(reference)],
  })
const balance = () =>
  chain.reader.readContract({ ...token, functionName: 'balanceOf', args: [chain.alice] })

test('an allocation creates tokens and says for what', async () => {
  const { logs } = await allocate(chain.worker, 25n, 'first')
  const [event] = parseEventLogs({ abi, logs, eventName: 'Allocated' })
  assert.equal(event?.args.amount, 25n)
  assert.equal(event?.args.ref, ref('first'))
  assert.equal(await balance(), 25n)
})

test('a reference has one allocation', async () => {
  const before = await balance()
  await reverts(allocate(chain.worker, 25n, 'first'), 'AlreadyAllocated')
  assert.equal(await balance(), before)
})

test('nobody allocates without the role, the admin neither', async () => {
  await reverts(allocate(chain.alice, 1n, 'mine'), 'AccessControlUnauthorizedAccount')
  await reverts(allocate(chain.admin, 1n, 'mine'), 'AccessControlUnauthorizedAccount')
})

test('nothing is no allocation, and there is a cap', async () => {
  await reverts(allocate(chain.worker, 0n, 'nothing'), 'NothingToAllocate')
  await reverts(allocate(chain.worker, 10n ** 27n, 'too much'), 'ERC20ExceededCap')
  assert.notEqual(ref('nothing'), zeroHash)
})

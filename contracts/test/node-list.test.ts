/** Adds and removes nodes of a list, and checks who may do so. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Hex } from 'viem'
import { nodeListAbi as abi, nodeListCreationCode } from '../../src/abi/node-list.gen.ts'
import { reverts, simulatedChain } from './simulated-chain.ts'

let chain: Awaited<ReturnType<typeof simulatedChain>>
before(async () => {
  chain = await simulatedChain()
})
after(() => chain.close())

const node = (number: number): Hex => `0x${number.toString(16).padStart(64, '0')}`

async function listOf(first: readonly Hex[]) {
  const list = { abi, address: await chain.deploy({ abi, bytecode: nodeListCreationCode }, first) }
  return {
    send: (functionName: 'add' | 'remove', one: Hex, from = chain.admin) =>
      chain.write(from, list, { functionName, args: [one] }),
    nodes: () => chain.reader.readContract({ ...list, functionName: 'nodes' }),
  }
}

test('the owner adds and removes nodes, and nobody else', async () => {
  const { send, nodes } = await listOf([node(1), node(2), node(3)])
  assert.deepEqual(await nodes(), [node(1), node(2), node(3)])
  await send('remove', node(1))
  assert.deepEqual(await nodes(), [node(3), node(2)])
  await send('remove', node(2))
  await send('add', node(4))
  assert.deepEqual(await nodes(), [node(3), node(4)])
  await reverts(send('add', node(4)), 'NothingToDo')
  await reverts(send('remove', node(1)), 'NothingToDo')
  await reverts(send('add', node(5), chain.bob), 'OwnableUnauthorizedAccount')
  await reverts(send('remove', node(3), chain.bob), 'OwnableUnauthorizedAccount')
})

test('a list takes so many nodes', async () => {
  const all = Array.from({ length: 1_024 }, (_, at) => node(at + 1))
  const { send, nodes } = await listOf(all.slice(0, 256))
  for (const one of all.slice(256)) await send('add', one)
  assert.equal((await nodes()).length, 1_024)
  await reverts(send('add', node(5_000)), 'ListFull')
})

/** Anchors messages and checks their count, hash and bounds. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Address, keccak256, parseEventLogs, stringToHex, toHex } from 'viem'
import {
  streamAnchorAbi as abi,
  streamAnchorCreationCode,
} from '../../src/abi/stream-anchor.gen.ts'
import { reverts, simulatedChain } from './simulated-chain.ts'

let chain: Awaited<ReturnType<typeof simulatedChain>>
let anchor: { address: Address; abi: typeof abi }

before(async () => {
  chain = await simulatedChain()
  anchor = { abi, address: await chain.deploy({ abi, bytecode: streamAnchorCreationCode }) }
})
after(() => chain.close())

const stream = keccak256(stringToHex('prices'))
async function send(from: Address, payload: Uint8Array, metadata = '{"type":"text/plain"}') {
  const args = [stream, metadata, toHex(payload)]
  const { logs } = await chain.write(from, anchor, { functionName: 'send', args })
  return parseEventLogs({ abi, logs, eventName: 'MessageSent' })[0]?.args
}

test('a message carries its number, metadata, hash and payload', async () => {
  const payload = new TextEncoder().encode('hello')
  const message = await send(chain.alice, payload)
  assert.equal(message?.sequence, 1n)
  assert.equal(message?.stream, stream)
  assert.equal(message?.metadata, '{"type":"text/plain"}')
  assert.equal(message?.hash, keccak256(payload))
  assert.equal(message?.payload, toHex(payload))
})

test('numbers count for each sender apart', async () => {
  assert.equal((await send(chain.alice, new Uint8Array(1)))?.sequence, 2n)
  assert.equal((await send(chain.bob, new Uint8Array(1)))?.sequence, 1n)
})

test('payload and metadata are bounded', async () => {
  assert.ok(await send(chain.alice, new Uint8Array(16_384)))
  await reverts(send(chain.alice, new Uint8Array(16_385)), 'TooLong')
  await reverts(send(chain.alice, new Uint8Array(1), 'm'.repeat(1_025)), 'TooLong')
})

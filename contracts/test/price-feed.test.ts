/** Reports prices, flags them, and reads what may be read. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Abi, type Address, type Hex, parseEventLogs } from 'viem'
import { reverts, simulatedChain } from './simulated-chain.ts'

let chain: Awaited<ReturnType<typeof simulatedChain>>
let feed: { address: Address; abi: Abi }

before(async () => {
  chain = await simulatedChain()
  const file = path.join(import.meta.dirname, '../../examples/price-check/price-feed.gen.json')
  const { abi, bytecode } = JSON.parse(await readFile(file, 'utf8')) as { abi: Abi; bytecode: Hex }
  feed = { abi, address: await chain.deploy({ abi, bytecode }) }
})
after(() => chain.close())

const write = (from: Address, functionName: string, ...args: readonly unknown[]) =>
  chain.write(from, feed, { functionName, args })
const latest = () => chain.reader.readContract({ ...feed, functionName: 'latestAnswer' })

test('a report is told as an aggregator tells it, and can be read', async () => {
  const { logs } = await write(chain.admin, 'report', 5n)
  const [event] = parseEventLogs({ abi: feed.abi, logs, eventName: 'AnswerUpdated' })
  assert.ok(event)
  const args = event.args as unknown as { current: bigint; roundId: bigint }
  assert.deepEqual([args.current, args.roundId], [5n, 1n])
  assert.equal(((await latest()) as readonly bigint[])[0], 5n)
})

test('a flagged feed cannot be read until it is resumed', async () => {
  await write(chain.admin, 'flag', 1n, 'off')
  await reverts(latest(), 'Paused')
  await reverts(write(chain.admin, 'flag', 1n, 'off'), 'Paused')
  await reverts(write(chain.bob, 'resume'), 'AccessControlUnauthorizedAccount')
  await write(chain.admin, 'resume')
  assert.equal(((await latest()) as readonly bigint[])[0], 5n)
})

test('only the reporter reports, only the guardian flags, and only rounds that there are', async () => {
  await reverts(write(chain.bob, 'report', 5n), 'AccessControlUnauthorizedAccount')
  await reverts(write(chain.bob, 'flag', 1n, ''), 'AccessControlUnauthorizedAccount')
  await reverts(write(chain.admin, 'flag', 0n, ''), 'NoRound')
  await reverts(write(chain.admin, 'flag', 2n, ''), 'NoRound')
})

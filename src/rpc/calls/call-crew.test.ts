/** Checks that calls in threads give what they give where they are asked, and are lost in no case. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fromHex, toBigInt } from '../../base/bytes.ts'
import type { Chain } from '../../chain/chain.ts'
import { type CallMessage, contextOf } from '../../chain/evm/evm.ts'
import { emptyAccount } from '../../chain/state/trie-state.ts'
import { openChain } from '../test-chain/open-chain.ts'
import { CallCrew } from './call-crew.ts'

/** Counts down from 16,384, which takes 426,000 gas, before it goes on. */
const countdown = '620040005b600190038060045750'
/** Gives back slot 0, the hash of the block before, and the code at 0xdd. */
const reader = `0x${countdown}5f545f52600143034060205260046000604060dd3c60446000f3`
const reverting = `0x${countdown}602a5f5260205ffd`
const endless = '0x5b5f56'
const address = (byte: number) => new Uint8Array(20).fill(byte)
const [reads, reverts, loops] = [address(0xa1), address(0xa2), address(0xa3)]
const other = new Uint8Array(20)
other[19] = 0xdd

async function openCrew(t: TestContext, options: { size?: number; program?: URL } = {}) {
  const chain = await openChain(t)
  await change(chain, 7n)
  const failures: unknown[] = []
  const crew = new CallCrew(chain, { size: 1, failed: (error) => failures.push(error), ...options })
  t.after(() => crew.stop())
  const call = async (to: Uint8Array | undefined, own: Partial<CallMessage> = {}) => {
    const head = chain.head().header
    const state = chain.stateAt(chain.blockHash(head.number) as Uint8Array)
    assert.ok(state)
    const message: CallMessage = {
      ...{ from: new Uint8Array(20), to, value: 0n, data: new Uint8Array(), accessList: [] },
      ...{ gasLimit: 10_000_000n, gasPrice: 0n },
      ...own,
    }
    const block = contextOf(head, (number) => chain.blockHash(number))
    const { halt, output, gasUsed } = await crew.call(state, block, message)
    return { halt, output, gasUsed }
  }
  return { chain, crew, call, failures }
}

async function change(chain: Chain, value: bigint) {
  await chain.dev.change((overlay) => {
    for (const [address, code] of [
      ...[[reads, reader] as const, [reverts, reverting] as const, [loops, endless] as const],
      [other, '0xfeedbeef'] as const,
    ]) {
      const codeHash = overlay.addCode(fromHex(code))
      overlay.setAccount(address, { ...emptyAccount, codeHash })
    }
    overlay.setStorage(reads, 0n, value)
  })
  await chain.dev.sealNow()
}

test('a call that was long before runs in a thread, and reads there what it would read here', async (t) => {
  const { chain, crew, call, failures } = await openCrew(t)
  const here = call(reads)
  assert.equal(crew.underWay, 0)
  const expected = await here
  assert.equal(expected.halt, undefined)
  for (let round = 0; round < 3; round += 1) {
    const there = call(reads)
    assert.equal(crew.underWay, 1)
    assert.deepEqual(await there, expected)
  }
  const parent = chain.blockHash(chain.head().header.number - 1n)
  assert.deepEqual(expected.output.subarray(32, 64), parent)
  assert.equal(expected.output.subarray(64).toHex(), 'feedbeef')
  await change(chain, 8n)
  const after = await call(reads)
  assert.equal(toBigInt(after.output.subarray(0, 32)), 8n)
  assert.deepEqual(failures, [])
})

test('a revert comes back from a thread with its data', async (t) => {
  const { crew, call } = await openCrew(t)
  const expected = await call(reverts)
  assert.equal(expected.halt, 'revert')
  assert.equal(toBigInt(expected.output), 42n)
  const there = call(reverts)
  assert.equal(crew.underWay, 1)
  assert.deepEqual(await there, expected)
})

test('a thread has few calls before it, the others run here, and all give the same', async (t) => {
  const { crew, call } = await openCrew(t)
  const expected = await call(reads)
  const asked = Array.from({ length: 12 }, () => call(reads))
  assert.equal(crew.underWay, 2)
  for (const outcome of await Promise.all(asked)) assert.deepEqual(outcome, expected)
})

test('a call that nobody waits for any more ends in its thread, and the next one runs', async (t) => {
  const { crew, call } = await openCrew(t)
  assert.equal((await call(loops, { gasLimit: 1_000_000n })).halt, 'out-of-gas')
  let isLate = false
  const started = call(loops, { gasLimit: 10n ** 13n, isLate: () => isLate })
  assert.equal(crew.underWay, 1)
  setTimeout(() => {
    isLate = true
  }, 50)
  assert.equal((await started).halt, 'too-long')
  const next = call(loops, { gasLimit: 1_000_000n })
  assert.equal(crew.underWay, 1)
  assert.equal((await next).halt, 'out-of-gas')
})

test('what a thread had runs here when it ends, and so does all that comes', async (t) => {
  const program = new URL('data:text/javascript,throw new Error("no thread today")')
  const { crew, call, failures } = await openCrew(t, { program })
  const expected = await call(reads)
  const started = call(reads)
  assert.equal(crew.underWay, 1)
  assert.deepEqual(await started, expected)
  assert.equal(failures.length, 1)
  assert.deepEqual(await call(reads), expected)
  assert.equal(crew.underWay, 0)
})

test('threads end when there was no long call for a while, and start again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { crew, call, failures } = await openCrew(t)
  const expected = await call(reads)
  assert.deepEqual(await call(reads), expected)
  assert.equal(crew.size, 1)
  t.mock.timers.tick(20)
  t.mock.timers.tick(29_000)
  assert.equal(crew.size, 1)
  t.mock.timers.tick(1_000)
  assert.equal(crew.size, 0)
  const again = call(reads)
  assert.equal(crew.underWay, 1)
  assert.deepEqual(await again, expected)
  assert.deepEqual(failures, [])
})

test('a crew that stops says of what it had that it took too long', async (t) => {
  const { crew, call } = await openCrew(t)
  await call(loops, { gasLimit: 1_000_000n })
  const started = call(loops, { gasLimit: 10n ** 13n })
  await crew.stop()
  assert.equal((await started).halt, 'too-long')
})

test('without threads, and for what creates, everything runs where it is asked', async (t) => {
  const { crew, call } = await openCrew(t, { size: 0 })
  const expected = await call(reads)
  const again = call(reads)
  assert.equal(crew.underWay, 0)
  assert.deepEqual(await again, expected)
  assert.equal((await call(undefined, { data: fromHex('0x5f5ff3') })).halt, undefined)
})

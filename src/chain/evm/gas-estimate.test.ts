/** Checks how many runs an estimate takes, and how near to the least it comes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallMessage, CallResult } from './evm.ts'
import { estimateGas } from './gas-estimate.ts'

const message: CallMessage = {
  ...{ from: new Uint8Array(20), to: new Uint8Array(20), value: 0n, data: new Uint8Array() },
  ...{ gasLimit: 30_000_000n, gasPrice: 0n, accessList: [] },
}

/** The estimate for a message that uses so much and must have so much more, and the runs that it took. */
async function estimated(used: bigint, held = 0n, limit = message.gasLimit) {
  let runs = 0
  const call = async ({ gasLimit }: CallMessage): Promise<CallResult> => {
    runs += 1
    const halt = gasLimit >= used + held ? undefined : 'out-of-gas'
    const gasUsed = halt ? gasLimit : used
    return { halt, output: new Uint8Array(), gasUsed, gasNeeded: gasUsed }
  }
  const gas = await estimateGas(call, { ...message, gasLimit: limit })
  assert.ok(typeof gas === 'bigint')
  return { gas, runs }
}

test('what holds back no gas is known after two runs, to the last unit', async () => {
  for (const used of [21_000n, 52_123n, 29_999_999n, 30_000_000n]) {
    const { gas, runs } = await estimated(used)
    assert.equal(gas, used)
    assert.ok(runs <= 2, `${runs} runs`)
  }
})

test('what holds back some takes a few more, and gets little more than it must have', async () => {
  for (const used of [30_000n, 60_000n, 250_000n, 5_000_000n]) {
    for (const held of [1n, 700n, used / 63n, used / 20n, used]) {
      const { gas, runs } = await estimated(used, held)
      assert.ok(
        gas >= used + held && gas <= ((used + held) * 1_016n) / 1_000n,
        `${used} ${held}: ${gas}`,
      )
      assert.ok(runs <= 12, `${used} and ${held}: ${runs} runs`)
    }
    const { runs } = await estimated(used, used / 63n)
    assert.ok(runs <= 6, `${runs} runs`)
  }
})

test('a limit that is only just enough is the answer', async () => {
  assert.equal((await estimated(60_000n, 500n, 60_500n)).gas, 60_500n)
})

/** Fills each region of the kernel by a program, and lets precompiles run for too long. */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { fromBigInt, fromHex, padStart } from '../../../base/bytes.ts'
import { rulesOfOne } from '../../ledger/fork-rules.ts'
import { genesisState } from '../../state/trie-state.ts'
import { createEvm } from '../create-evm.ts'
import type { BlockContext, CallMessage, Evm } from '../evm.ts'

const zero = new Uint8Array(32)
const block: BlockContext = {
  ...{ number: 1n, timestamp: 1n, beneficiary: new Uint8Array(20), difficulty: 0n },
  ...{ gasLimit: 30_000_000n, baseFeePerGas: 0n, mixHash: zero, excessBlobGas: 0n },
  ...{ parentBeaconBlockRoot: zero, parentHash: zero, blockHash: () => undefined },
}
const [to, reading] = [new Uint8Array(20).fill(0x50), new Uint8Array(20).fill(0x51)]

function stateOf(code: Uint8Array) {
  const account = (address: Uint8Array, code: Uint8Array) => ({
    ...{ address, code, balance: 0n, nonce: 1n },
    storage: [[0n, 7n] as const],
  })
  // The second returns its slot 0.
  return genesisState([account(to, code), account(reading, fromHex('0x5f545f5260205ff3'))])
}

interface Asked {
  readonly to?: Uint8Array
  readonly data?: Uint8Array
  readonly gasLimit?: bigint
  readonly isLate?: () => boolean
}

function messageOf(asked: Asked): CallMessage {
  return {
    ...{ from: new Uint8Array(20), to, value: 0n, data: new Uint8Array() },
    ...{ gasLimit: 10n ** 15n, gasPrice: 0n, accessList: [] },
    ...asked,
  }
}

describe('the regions of the kernel', () => {
  let evm: Evm
  before(async () => {
    // Rules without a limit for creation code.
    evm = await createEvm(rulesOfOne(1n, 'cancun'))
  })

  /** Each stores 1 in slot 0, then does so much as there is no room for. */
  const greedy: Readonly<Record<string, string>> = {
    // Balances of the accounts 2^20, 2^20 + 1 and so on.
    accounts: '0x60015f55 621000005b 8031 50 600101 600856',
    slots: '0x60015f55 60015b 8054 50 600101 600656',
    // Calls itself to write 2^18 transient slots and revert: they are zero again, but their room is taken.
    'transient slots':
      '0x36601f57 60015f55 5f5b 805f52 5f5f60205f5f305af150 6204000001 600956' +
      '5b 5f35 806204000001 90 5b 6001815d 600101 8181 14 15 602957 5f5ffd',
    // One transient slot, again and again.
    'changes to be undone': '0x60015f55 5b 60015f5d 600456',
    logs: '0x60015f55 5b 620fffff5fa0 600456',
    memory: '0x60015f55 6001 63f0000000 52',
    'return data': '0x60015f55 6302000001 5f f3',
  }

  for (const [region, code] of Object.entries(greedy)) {
    test(`when there is no room for more ${region}, that is said, and nothing has changed`, async () => {
      const state = stateOf(fromHex(code.replaceAll(' ', '') as `0x${string}`))
      await assert.rejects(evm.call(state, block, messageOf({})), {
        code: 'evm/capacity',
        message: new RegExp(`room for ${region} is full: give the call less gas`),
      })
      assert.equal(state.storage(to, 0n), 7n)
      const { halt, output } = await evm.call(state, block, messageOf({ to: reading }))
      assert.deepEqual([halt, output[31]], [undefined, 7])
    })
  }

  test('input that there is no room for is refused', async () => {
    const state = stateOf(fromHex('0x00'))
    const data = new Uint8Array(2 ** 25)
    await assert.rejects(evm.call(state, block, messageOf({ data })), /room for input is full/)
    assert.equal((await evm.call(state, block, messageOf({}))).halt, undefined)
  })

  test('a block goes on after a transaction that there was no room for, as if it had not been', async () => {
    const state = stateOf(fromHex('0x60015f555b620fffff5fa0600456'))
    const run = await evm.openBlock(state, { ...block, gasLimit: 10n ** 13n }, { bare: true })
    const transaction = {
      ...({ type: 0, chainId: 1n, nonce: 0n, value: 0n, gasPrice: 0n } as const),
      ...({ yParity: 0, r: 1n, s: 1n, data: new Uint8Array(), gasLimit: 10n ** 12n } as const),
    }
    const sender = new Uint8Array(20).fill(0x52)
    await assert.rejects(run.add({ ...transaction, to }, sender), { code: 'evm/capacity' })
    const result = await run.add({ ...transaction, to: reading }, sender)
    assert.equal(result.kind, 'executed')
    const closed = await run.finish([])
    assert.equal(closed.kind, 'executed')
    assert.equal(closed.state.storage(to, 0n), 7n)
    assert.equal(closed.state.account(sender)?.nonce, 1n)
  })
})

describe('precompiles in calls that can be late', () => {
  let evm: Evm
  before(async () => {
    evm = await createEvm(rulesOfOne(1n, 'prague'))
  })

  /** Input of blake2f with so many rounds, each a unit of gas. */
  const rounds = (count: number) => {
    const data = new Uint8Array(213)
    data.set(padStart(fromBigInt(BigInt(count)), 4))
    return data
  }
  const blake2f = padStart(Uint8Array.of(9), 20)

  test('one that would run for too long does not begin', async () => {
    const state = stateOf(fromHex('0x00'))
    const asked = { to: blake2f, isLate: () => false }
    const few = await evm.call(state, block, messageOf({ ...asked, data: rounds(1_000) }))
    assert.deepEqual([few.halt, few.output.length], [undefined, 64])
    const many = await evm.call(state, block, messageOf({ ...asked, data: rounds(60_000_000) }))
    assert.equal(many.halt, 'too-long')
    // With too little gas it would not begin either.
    const poor = { ...asked, data: rounds(60_000_000), gasLimit: 40_000_000n }
    assert.equal((await evm.call(state, block, messageOf(poor))).halt, 'precompile')
  })

  test('between two that run for some time it is asked whether it is late', async () => {
    // Calls blake2f with the calldata as input, without end.
    const code = fromHex('0x365f5f375b5f5f60d55f60095afa50600456')
    let asked = 0
    const isLate = () => {
      asked += 1
      return asked === 10
    }
    const message = messageOf({ data: rounds(100_000), isLate })
    const { halt } = await evm.call(stateOf(code), block, message)
    assert.deepEqual([halt, asked], ['too-long', 10])
  })
})

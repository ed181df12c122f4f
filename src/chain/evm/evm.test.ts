/** Runs transactions and calls through the front door of execution. */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fromBigInt, fromHex, padStart } from '../../base/bytes.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { Transaction, UnsignedTransaction } from '../ledger/transaction.ts'
import { signTransaction } from '../ledger/transaction-codec.ts'
import type { State } from '../state/state.ts'
import { createOverlay } from '../state/state-overlay.ts'
import { emptyCodeHash, genesisState } from '../state/trie-state.ts'
import { createEvm } from './create-evm.ts'
import type { BlockContext, Evm, TransactionResult } from './evm.ts'
import { systemAccounts } from './system-contracts.ts'

const key = new Uint8Array(32).fill(1)
const sender = addressOfKey(key)
const other = new Uint8Array(20).fill(0xaa)
const coinbase = new Uint8Array(20).fill(0xcc)
const zeroWord = new Uint8Array(32)
const gwei = 10n ** 9n

const block: BlockContext = {
  number: 1n,
  timestamp: 1_000n,
  beneficiary: coinbase,
  difficulty: 0n,
  gasLimit: 30_000_000n,
  baseFeePerGas: gwei,
  mixHash: zeroWord,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: new Uint8Array(32).fill(5),
  parentHash: new Uint8Array(32).fill(6),
  blockHash: (number) => (number === 0n ? new Uint8Array(32).fill(6) : undefined),
}

/** 602a60005560006000f3: stores 42 in slot 0 and returns nothing. */
const storing = fromHex('0x602a60005560006000f3')
/** Reverts with one byte 0x2a. */
const reverting = fromHex('0x602a60005360016000fd')
/** Returns slot 0. */
const reading = fromHex('0x60005460005260206000f3')
const address = (byte: number) => new Uint8Array(20).fill(byte)

describe('execution', () => {
  let evm: Evm
  let state: State
  before(async () => {
    evm = await createEvm(rulesOfOne(7n, 'osaka'))
    const contract = (byte: number, code: Uint8Array) => ({
      ...{ address: address(byte), code, balance: 0n, nonce: 1n },
      storage: [[0n, 7n] as const],
    })
    state = genesisState([
      { address: sender, balance: 10n ** 20n, nonce: 0n, code: new Uint8Array(), storage: [] },
      contract(0x51, storing),
      contract(0x52, reverting),
      contract(0x53, reading),
      ...systemAccounts('osaka'),
    ])
  })

  const transaction = (fields: Partial<UnsignedTransaction> = {}): Transaction =>
    signTransaction(
      {
        ...{ type: 2, chainId: 7n, nonce: 0n, gasLimit: 100_000n, to: other, value: 0n },
        ...{ maxFeePerGas: 10n * gwei, maxPriorityFeePerGas: gwei, accessList: [] },
        data: new Uint8Array(),
        ...fields,
      } as UnsignedTransaction,
      key,
    )

  async function run(fields: Partial<UnsignedTransaction> = {}) {
    const opened = await evm.openBlock(state, block)
    const result = await opened.add(transaction(fields), sender)
    const block_ = await opened.finish([])
    assert.equal(block_.kind, 'executed')
    return { result, after: state.apply(block_.difference) }
  }

  function executed(result: TransactionResult) {
    assert.equal(result.kind, 'executed')
    return result.receipt
  }

  test('a transfer moves value, burns the base fee and pays the tip', async () => {
    const { result, after } = await run({ value: 5n })
    const receipt = executed(result)
    assert.equal(receipt.gasUsed, 21_000n)
    assert.equal(receipt.succeeded, true)
    assert.equal(after.account(other)?.balance, 5n)
    assert.equal(after.account(coinbase)?.balance, 21_000n * gwei)
    assert.equal(after.account(sender)?.balance, 10n ** 20n - 5n - 21_000n * 2n * gwei)
    assert.equal(after.account(sender)?.nonce, 1n)
    assert.notDeepEqual(after.root, state.root)
  })

  test('storage is written, and a revert takes everything back but gas and nonce', async () => {
    const stored = await run({ to: address(0x51) })
    assert.equal(stored.after.storage(address(0x51), 0n), 42n)
    const { result, after } = await run({ to: address(0x52), value: 9n })
    assert.equal(executed(result).succeeded, false)
    assert.equal(after.account(address(0x52))?.balance, 0n)
    assert.equal(after.account(sender)?.nonce, 1n)
  })

  test('in Frontier a creation that cannot pay for its code succeeds with none, and keeps its logs', async () => {
    const frontier = await createEvm(rulesOfOne(7n, 'frontier'))
    const opened = await frontier.openBlock(state, { ...block, difficulty: 1n, baseFeePerGas: 0n })
    // Logs, then returns 1,000 zero bytes, which would cost 200,000 gas.
    const creation = transaction({
      ...{ type: 0, chainId: undefined, to: undefined, gasPrice: 1n, gasLimit: 30_000n },
      data: fromHex('0x60006000a06103e86000f3'),
    })
    const { succeeded, logs } = executed(await opened.add(creation, sender))
    const finished = await opened.finish([])
    assert.ok(finished.kind === 'executed' && succeeded)
    assert.equal(logs.length, 1)
    const [created] = logs
    assert.ok(created)
    assert.deepEqual(finished.state.account(created.address)?.codeHash, emptyCodeHash)
  })

  test('a creation gives the address of sender and nonce', async () => {
    const init = fromHex('0x600a600c600039600a6000f3602a60005560006000f3')
    const { result, after } = await run({ to: undefined, data: init })
    const created = executed(result).createdAddress
    assert.ok(created)
    assert.deepEqual(after.code(after.account(created)?.codeHash ?? zeroWord), storing)
  })

  test('a run that is given up, or is over, can be given up again: the next two do not share it', async () => {
    const given = await evm.openBlock(state, block)
    await given.finish([])
    given.drop()
    const dropped = await evm.openBlock(state, block)
    dropped.drop()
    dropped.drop()
    const [one, two] = [await evm.openBlock(state, block), await evm.openBlock(state, block)]
    await one.add(transaction({ value: 5n }), sender)
    await two.add(transaction({ value: 9n }), sender)
    const ends = [await one.finish([]), await two.finish([])]
    assert.deepEqual(
      ends.map((end) => end.kind === 'executed' && end.state.account(other)?.balance),
      [5n, 9n],
    )
  })

  test('what cannot be run changes nothing and says which rule it breaks', async () => {
    const rule = async (fields: Partial<UnsignedTransaction>) => {
      const { result } = await run(fields)
      return result.kind === 'invalid' ? result.rule : result.kind
    }
    assert.equal(await rule({ nonce: 1n }), 'nonce-too-high')
    assert.equal(await rule({ value: 10n ** 21n }), 'insufficient-funds')
    assert.equal(await rule({ gasLimit: 20_999n }), 'intrinsic-gas')
    assert.equal(
      await rule({ maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }),
      'fee-cap-below-base-fee',
    )
    assert.equal(await rule({ maxPriorityFeePerGas: 11n * gwei }), 'tip-above-fee-cap')
    assert.equal(await rule({ gasLimit: 30_000_001n }), 'gas-limit-cap')
    assert.equal(await rule({ chainId: 8n }), 'chain-id')
    const data = new Uint8Array(50_000)
    assert.equal(await rule({ to: undefined, data, gasLimit: 10_000_000n }), 'init-code-size')
  })

  test('a delegation gives the account code to run, and is paid back in part', async () => {
    const authority = new Uint8Array(32).fill(9)
    const { r, s, yParity } = await signedDelegation(authority, address(0x51))
    const authorizations = [{ chainId: 0n, address: address(0x51), nonce: 0n, yParity, r, s }]
    const to = addressOfKey(authority)
    const { result, after } = await run({ type: 4, authorizations, to } as never)
    assert.equal(executed(result).succeeded, true)
    assert.equal(after.storage(to, 0n), 42n)
    assert.equal(after.account(to)?.nonce, 1n)
  })

  test('the block opens with the roots and hashes that the protocol keeps', async () => {
    const { after } = await run()
    const [roots, hashes] = systemAccounts('osaka').map((one) => one.address)
    assert.equal(after.storage(roots ?? other, 1_000n), 1_000n)
    assert.equal(after.storage(hashes ?? other, 0n), BigInt(`0x${'06'.repeat(32)}`))
  })

  const message = (to: Uint8Array, gasLimit = 1_000_000n) => ({
    ...{ from: sender, to, value: 0n, data: new Uint8Array(), gasLimit, gasPrice: 0n },
    accessList: [],
  })

  test('a call gives its output, and the reason why it stopped', async () => {
    const call = (to: Uint8Array, gas?: bigint) =>
      evm.call(createOverlay(state), block, message(to, gas))
    assert.deepEqual((await call(address(0x53))).output, padStart(Uint8Array.of(7), 32))
    const reverted = await call(address(0x52))
    assert.equal(reverted.halt, 'revert')
    assert.deepEqual(reverted.output, Uint8Array.of(0x2a))
    assert.equal((await call(address(0x51), 22_000n)).halt, 'sentry')
  })

  test('code learns the hashes of the last 256 blocks, and no others', async () => {
    // Returns BLOCKHASH of the first word of its input.
    const overlay = createOverlay(state)
    const codeHash = overlay.addCode(fromHex('0x5f35405f5260205ff3'))
    overlay.setAccount(other, { nonce: 0n, balance: 0n, codeHash })
    const hash = new Uint8Array(32).fill(9)
    const late = { ...block, number: 1_000n, blockHash: () => hash }
    const asked = async (number: bigint) => {
      const data = padStart(fromBigInt(number), 32)
      return (await evm.call(overlay, late, { ...message(other), data })).output
    }
    for (const number of [744n, 999n]) assert.deepEqual(await asked(number), hash)
    for (const number of [743n, 1_000n, 2n ** 60n]) assert.deepEqual(await asked(number), zeroWord)
  })

  test('a call for which the machine has no room says so, and leaves nothing behind', async () => {
    // Stores 1 in slot 0, then logs 1 MB again and again.
    const greedy = fromHex('0x60015f555b620fffff5fa0600456')
    const overlay = createOverlay(state)
    overlay.setAccount(other, { nonce: 0n, balance: 0n, codeHash: overlay.addCode(greedy) })
    const whole = state.apply(overlay.difference())
    await assert.rejects(evm.call(whole, block, message(other, 10n ** 12n)), {
      code: 'evm/capacity',
      message: /room for logs is full: give the call less gas/,
    })
    assert.equal(whole.storage(other, 0n), 0n)
    const { output, halt } = await evm.call(whole, block, message(address(0x53)))
    assert.deepEqual([halt, output[31]], [undefined, 7])
  })

  test('calls at the same time do not disturb each other', async () => {
    const runs = Array.from({ length: 20 }, async (_, at) => {
      const overlay = createOverlay(state)
      overlay.setStorage(address(0x53), 0n, BigInt(at + 1))
      const { output } = await evm.call(overlay, block, message(address(0x53)))
      return output[31]
    })
    assert.deepEqual(
      await Promise.all(runs),
      runs.map((_, at) => at + 1),
    )
  })

  test('the estimate is the least gas that is enough', async () => {
    const estimate = await evm.estimateGas(state, block, message(address(0x51)))
    assert.ok(typeof estimate === 'bigint')
    const enough = async (gas: bigint) =>
      (await evm.call(createOverlay(state), block, message(address(0x51), gas))).halt === undefined
    assert.equal(await enough(estimate), true)
    assert.equal(await enough(estimate - 1n), false)
    const failed = await evm.estimateGas(state, block, message(address(0x52)))
    assert.ok(typeof failed === 'object' && failed.halt === 'revert')
  })

  test('estimates and access lists leave no code behind in the state', async () => {
    const overlay = createOverlay(state)
    const codeHash = overlay.addCode(Uint8Array.of(0x5b, 0x5b, 0))
    overlay.setAccount(other, { nonce: 0n, balance: 0n, codeHash })
    await evm.estimateGas(overlay, block, message(other))
    await evm.createAccessList(overlay, block, message(other))
    assert.throws(() => state.code(codeHash), { code: 'state/unknown-code' })
  })

  test('code reads the chain id whole, also beyond what a double holds', async () => {
    const large = await createEvm(rulesOfOne(2n ** 53n + 1n, 'osaka'))
    const overlay = createOverlay(state)
    const codeHash = overlay.addCode(fromHex('0x465f5260205ff3'))
    overlay.setAccount(other, { nonce: 0n, balance: 0n, codeHash })
    const { output } = await large.call(overlay, block, message(other))
    assert.equal(BigInt(`0x${output.toHex()}`), 2n ** 53n + 1n)
  })

  test('code that runs for too long ends, by loop or by recursion, and others run on', async () => {
    let pauses = 0
    const pause = () => {
      pauses += 1
      return pauses % 10 === 0 ? nextTurn() : undefined
    }
    const patient = await createEvm(rulesOfOne(7n, 'osaka'), { pause })
    const loop = fromHex('0x5b5f56')
    // Calls itself twice, with all gas but a 64th, and never jumps.
    const recursion = fromHex('0x5f5f5f5f5f305af1505f5f5f5f5f305af1')
    for (const code of [loop, recursion]) {
      const overlay = createOverlay(state)
      overlay.setAccount(other, { nonce: 0n, balance: 0n, codeHash: overlay.addCode(code) })
      const root = state.apply(overlay.difference()).root
      let asked = 0
      const isLate = () => {
        asked += 1
        return asked > 20
      }
      const endless = { ...message(other, 10n ** 12n), isLate }
      const results = await Promise.all([
        patient.call(overlay, block, endless),
        patient.estimateGas(overlay, block, endless),
        patient.call(createOverlay(state), block, message(address(0x53))),
      ])
      assert.ok(typeof results[1] === 'object')
      assert.deepEqual([results[0].halt, results[1].halt], ['too-long', 'too-long'])
      assert.equal(results[2].output[31], 7)
      assert.deepEqual(state.apply(overlay.difference()).root, root)
    }
    assert.ok(pauses > 10)
    const after = await patient.call(createOverlay(state), block, message(address(0x53)))
    assert.equal(after.output[31], 7)
  })

  test('the access list names the slots that a call touches', async () => {
    const { accessList } = await evm.createAccessList(state, block, message(address(0x53)))
    assert.deepEqual(accessList, [{ address: address(0x53), slots: [0n] }])
  })
})

async function signedDelegation(authority: Uint8Array, to: Uint8Array) {
  const { encodeRlp, rlpInteger } = await import('../ledger/rlp.ts')
  const { keccak256 } = await import('../../crypto/keccak.ts')
  const { signHash } = await import('../../crypto/secp256k1.ts')
  const encoded = encodeRlp([rlpInteger(0), to, rlpInteger(0)])
  return signHash(keccak256(Uint8Array.of(5, ...encoded)), authority)
}

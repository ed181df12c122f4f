/** Recovers senders in threads and without, and looks at answers, their order, and threads that end. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { concatBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { silentLogger } from '../../base/logger.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { addressOfKey, signHash } from '../../crypto/secp256k1.ts'
import type { UnsignedTransaction } from '../ledger/transaction.ts'
import { signTransaction, transactionHash } from '../ledger/transaction-codec.ts'
import { CheckingThreads } from './checking-threads.ts'
import { RecoveryCrew } from './recovery/crew.ts'
import { createSenderRecovery } from './sender-recovery.ts'

const keys = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const compactOf = (r: bigint, s: bigint) =>
  concatBytes(...[r, s].map((one) => padStart(fromBigInt(one), 32)))

/** Messages with the addresses that signed them. */
const messages = Array.from({ length: 300 }, (_, number) => {
  const hash = keccak256(Uint8Array.of(number & 255, number >> 8))
  const key = keys[number % 3] ?? new Uint8Array(32)
  const { r, s, yParity } = signHash(hash, key)
  return { message: { hash, compact: compactOf(r, s), yParity }, address: addressOfKey(key) }
})

function openCrew(t: TestContext, size: number) {
  const failures: unknown[] = []
  const crew = new RecoveryCrew(size, (error) => failures.push(error))
  t.after(() => crew.stop())
  return { crew, failures }
}

async function askAll(crew: RecoveryCrew) {
  const answered: number[] = []
  const answers = messages.map(async ({ message, address }, number) => {
    assert.deepEqual(await crew.recover(message), address)
    answered.push(number)
  })
  await Promise.all(answers)
  assert.deepEqual(answered, [...messages.keys()])
}

describe('recovery of senders', () => {
  for (const size of [0, 1, 3]) {
    test(`answers in order with ${size} threads`, async (t) => {
      const { crew, failures } = openCrew(t, size)
      await askAll(crew)
      await askAll(crew)
      assert.deepEqual(failures, [])
    })
  }

  test('answers nothing for signatures of nobody, and the next ones nevertheless', async (t) => {
    const { crew } = openCrew(t, 1)
    const { message, address } = messages[0] as (typeof messages)[number]
    const [r, s] = [1n, 2n]
    const numbers = [
      [0n, s],
      [r, 0n],
      [order, s],
      [5n, s],
    ] as const
    const broken = [
      ...numbers.map(([first, second]) => ({ compact: compactOf(first, second) })),
      { yParity: 2 },
    ]
    const answers = await Promise.all(
      [...broken, {}].map((change) => crew.recover({ ...message, ...change })),
    )
    assert.deepEqual(answers, [...broken.map(() => undefined), address])
  })

  test('finishes what a thread had before it when it ends, and what comes later', async (t) => {
    const { crew } = openCrew(t, 2)
    const all = askAll(crew)
    setImmediate(() => void crew.stop())
    await all
    await askAll(crew)
  })

  test('goes on without a thread that fails', async (t) => {
    const failures: unknown[] = []
    const crew = new RecoveryCrew(
      1,
      (error) => failures.push(error),
      pathToFileURL(path.join(import.meta.dirname, 'no-such-file.js')),
    )
    t.after(() => crew.stop())
    await askAll(crew)
    await askAll(crew)
    assert.equal(failures.length, 1)
  })

  test('finds the senders of transactions, and refuses a high s', async (t) => {
    const threads = new CheckingThreads({ signerThreads: 1, logger: silentLogger })
    t.after(() => threads.stop())
    const recovery = createSenderRecovery(threads.signers)
    const unsigned: UnsignedTransaction = {
      ...{ type: 2, chainId: 7n, gasLimit: 21_000n, to: new Uint8Array(20), value: 1n },
      ...{ maxFeePerGas: 1n, maxPriorityFeePerGas: 1n, accessList: [], data: new Uint8Array() },
      nonce: 0n,
    }
    const signed = keys.map((key) => signTransaction(unsigned, key))
    const senders = await recovery.sendersOf(signed, 'osaka')
    assert.deepEqual(senders, keys.map(addressOfKey))
    assert.deepEqual(await recovery.sendersOf(signed, 'osaka'), senders)
    const [first] = signed
    assert.ok(first)
    const high = { ...first, s: order - first.s, yParity: 1 - first.yParity }
    const incoming = { transaction: high, id: transactionHash(high).toHex() }
    assert.deepEqual(await recovery.signersOf(incoming), { sender: undefined, authorities: [] })
  })
})

/** Makes transactions again from what a node says of them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Hex, keccak256, parseTransaction, type TransactionSerializable } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Fields } from './evm-answers.ts'
import { transactionBytes } from './transaction-bytes.ts'

const account = privateKeyToAccount(`0x${'05'.repeat(32)}`)
const to: Hex = `0x${'11'.repeat(20)}`
const hash: Hex = `0x01${'22'.repeat(31)}`
const quantity = (value: bigint | number | undefined) => `0x${(value ?? 0).toString(16)}`
const accessList = [{ address: to, storageKeys: [hash] }]
const fees = { maxFeePerGas: 30n, maxPriorityFeePerGas: 2n }

/** As a node shows it. */
function shown(signed: Hex): Fields {
  const { type, ...parsed } = parseTransaction(signed) as TransactionSerializable & {
    readonly r: Hex
    readonly s: Hex
    readonly v?: bigint
    readonly yParity?: number
  }
  const types = { legacy: 0, eip2930: 1, eip1559: 2, eip4844: 3, eip7702: 4 } as const
  const integers = Object.fromEntries(
    Object.entries(parsed).flatMap(([name, value]) =>
      typeof value === 'bigint' || typeof value === 'number' ? [[name, quantity(value)]] : [],
    ),
  )
  const { nonce, gas, value } = parsed
  const typed = type as keyof typeof types
  const isNew = typed === 'eip7702'
  return {
    ...{ ...(parsed as object), ...integers, to: parsed.to ?? null, type: quantity(types[typed]) },
    ...{ nonce: quantity(nonce), gas: quantity(gas), value: quantity(value) },
    ...{ input: parsed.data ?? '0x', r: `0x${parsed.r.replace(/^0x0*/, '')}`, hash },
    ...(isNew
      ? {
          authorizationList: (parsed.authorizationList ?? []).map((one) => ({
            ...{ address: one.address, chainId: quantity(one.chainId), nonce: quantity(one.nonce) },
            ...{ r: one.r, s: one.s, yParity: quantity(one.yParity) },
          })),
        }
      : {}),
  } as unknown as Fields
}

describe('the bytes of a transaction', () => {
  const kinds: Record<string, () => Promise<TransactionSerializable> | TransactionSerializable> = {
    'of the old kind': () => ({ type: 'legacy', chainId: 7, gasPrice: 30n, to }),
    'of the oldest kind, for any chain': () => ({ type: 'legacy', gasPrice: 30n, to }),
    'with an access list': () => ({ type: 'eip2930', chainId: 7, gasPrice: 30n, accessList, to }),
    'of the usual kind': () => ({ type: 'eip1559', chainId: 7, ...fees, to }),
    'that creates a contract': () => ({ type: 'eip1559', chainId: 7, ...fees, data: '0x6000' }),
    'with blobs': () => ({
      ...{ type: 'eip4844', chainId: 7, ...fees, to, maxFeePerBlobGas: 3n },
      ...{ blobVersionedHashes: [hash], accessList },
    }),
    'that delegates': async () => {
      const authorization = await account.signAuthorization({ address: to, chainId: 7, nonce: 3 })
      return { type: 'eip7702', chainId: 7, ...fees, to, authorizationList: [authorization] }
    },
  }
  for (const [name, kind] of Object.entries(kinds)) {
    test(`are those that were signed: one ${name}`, async () => {
      for (const nonce of [0, 1, 300]) {
        const given = { ...(await kind()), nonce, gas: 21_000n, value: 10n ** 18n }
        const signed = await account.signTransaction(given as never)
        const made = transactionBytes(shown(signed))
        assert.equal(made?.hash, keccak256(signed))
        assert.equal(made?.signer(), account.address.toLowerCase())
      }
    })
  }

  test('are not known of a type that only some chains have', () => {
    assert.equal(transactionBytes({ type: '0x7e' }), undefined)
  })

  test('are refused where a field is missing', () => {
    assert.throws(() => transactionBytes({ type: '0x2' }), { code: 'stream/bad-answer' })
  })
})

/** Chooses among several keys for the step evm.send. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import type { SqlStore } from '../store/sql.ts'
import { createContractBook } from './contract-book.ts'
import { evmFunctions } from './evm-functions.ts'
import type { SendRequest, TransactionSender } from './sent-transaction.ts'

const word = (digit: string): Hex => `0x${digit.repeat(64)}`
const [own, other, stranger] = ['1', '2', '3'].map((digit): Hex => `0x${digit.repeat(40)}`) as [
  Hex,
  Hex,
  Hex,
]

/** A sender that takes everything, and remembers what it has signed. */
function senderOf(address: Hex) {
  const signed = new Set<Hex>()
  const outcome = { hash: word('a'), blockNumber: 1, blockHash: word('b'), gasUsed: '1' }
  const sender = {
    address,
    async send({ idempotencyKey }: SendRequest) {
      signed.add(idempotencyKey)
      return { ...outcome, succeeded: true }
    },
    hasSigned: async (key: Hex) => signed.has(key),
  }
  return sender as unknown as TransactionSender
}

const client: JsonRpcClient = { request: async () => '0x' }
const noBook = { get: async () => undefined } as unknown as SqlStore

function steps(sender: TransactionSender, ...others: readonly TransactionSender[]) {
  const book = createContractBook({ sql: noBook, nowMs: () => 0, fixed: [], abis: [] })
  const functions = evmFunctions({ client, sender, others, book, clock: { nowMs: () => 0 } })
  const call = { contract: stranger, function: 'pay()' }
  return async (key: Hex, from?: Json) => {
    const outcome = await functions['evm.send']?.(from === undefined ? call : { ...call, from }, {
      ...{ instanceId: 'i', step: 's', idempotencyKey: key, attempt: 1 },
      signal: new AbortController().signal,
    })
    if (outcome?.kind === 'waiting') return outcome.reason
    return outcome?.kind === 'done' ? (outcome.output as { from: string }).from : outcome
  }
}

test('the first key sends, unless another one is named', async () => {
  const send = steps(senderOf(own), senderOf(other))
  assert.equal(await send(word('1')), own)
  assert.equal(await send(word('2'), other), other)
  assert.match(String(await send(word('3'), stranger)), new RegExp(`no key of ${stranger}`))
  await assert.rejects(send(word('4'), 'somebody'), { code: 'workflow/bad-input' })
})

test('whoever has sent under a key goes on with it, also when another one is the first by now', async () => {
  const [a, b] = [senderOf(own), senderOf(other)]
  assert.equal(await steps(a, b)(word('1')), own)
  const turned = steps(b, a)
  assert.equal(await turned(word('1')), own)
  await assert.rejects(turned(word('1'), other), {
    code: 'workflow/bad-input',
    message: new RegExp(`was sent by ${own}`),
  })
})

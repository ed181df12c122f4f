/** Checks that proofs of finality that a node gives hold for who runs none, and that others do not. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import { decodeCertificate } from '../chain/consensus/travelling-block.ts'
import { encodeTransaction, signTransaction } from '../chain/ledger/transaction-codec.ts'
import { verifyFinality } from './finality-proof.ts'
import { open, refused } from './test-chain/ask.ts'
import { testAccounts } from './test-chain/open-chain.ts'
import { type Fields, openVoted, reached } from './test-chain/open-voted.ts'
import { verifyTransactionProof } from './transaction-proof.ts'

test('a transaction is final by two proofs and a trusted first block', async (t) => {
  const { chain, ask, rpc } = await openVoted(t)
  const raw = encodeTransaction(
    signTransaction(
      {
        ...{ type: 2, chainId: 20_250n, nonce: 0n, gasLimit: 21_000n, value: 1n },
        ...{ to: new Uint8Array(20).fill(9), data: new Uint8Array(), accessList: [] },
        ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
      },
      testAccounts[0]?.key ?? new Uint8Array(),
    ),
  )
  const hash = toHex(await chain.submit(raw))
  await reached(chain, 3n)
  const place = await ask('qs_transactionProof', hash)
  const proof = await ask('qs_finalityProof', '0x0', place.blockNumber as Hex)
  const trusted = {
    ...{ chainKey: toHex(chain.key), number: 0n },
    hash: toHex(chain.blockHash(0n) ?? new Uint8Array()),
  }
  const final = verifyFinality(proof, trusted)
  assert.equal(proof.isWhole, true)
  // What those who compare two stores need of it (chain forensics).
  const [polka] = proof.polkas as [Hex]
  assert.equal(decodeCertificate(fromHex(polka)).type, 'polka')
  const shown = verifyTransactionProof(place, final.hash)
  assert.deepEqual([shown.transactionHash, shown.blockNumber], [hash, final.number])
  const wrong = { code: 'rpc/bad-proof' }
  const altered = (change: Fields) =>
    assert.throws(() => verifyFinality({ ...proof, ...change }, trusted), wrong)
  const steps = proof.steps as Fields[]
  const [first = {}] = steps
  altered({ number: '0x7' })
  altered({ hash })
  altered({ chainKey: hash })
  altered({ steps: [] })
  altered({ steps: [...steps, first] })
  altered({ steps: [{ ...first, validators: null }] })
  altered({ steps: [{ ...first, certificate: `${String(first.certificate).slice(0, -2)}00` }] })
  altered({ steps: [{ ...first, header: String(first.header).toUpperCase() }] })
  altered({ start: { ...(proof.start as Fields), record: '0x' } })
  altered({ start: 1 })
  assert.throws(() => verifyFinality(proof, { ...trusted, hash }), wrong)
  assert.throws(() => verifyFinality(proof, { ...trusted, chainKey: hash }), wrong)
  assert.throws(() => verifyFinality(proof, { ...trusted, number: 1n }), wrong)
  const past = await refused(rpc, 'qs_finalityProof', '0x3', '0x1')
  assert.match(past.message, /from an earlier block to a later one/)
  const unknown = await refused(rpc, 'qs_finalityProof', '0x0', '0xffff')
  assert.match(unknown.message, /no certificates/)
})

test('a chain that is not voted on has no proofs of finality', async (t) => {
  const { rpc } = await open(t)
  assert.match((await refused(rpc, 'qs_finalityProof')).message, /must be voted on/)
})

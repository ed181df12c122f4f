/** Checks which certificates a block of a hybrid chain may bring. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Header } from '../../ledger/block.ts'
import type { HybridParameters } from '../../ledger/manifest.ts'
import { quorumCertificate } from '../certificate.ts'
import { blockOf, firstHeader } from '../consensus.suite.ts'
import type { SealedHeader } from '../consensus.ts'
import { emptyDerived } from '../derived.ts'
import type { Certificate } from '../messages.ts'
import { plainRecord } from '../record.ts'
import { fakeValidators, signVote } from '../test-validators/fake-signatures.ts'
import { finalityFault } from './finality-rules.ts'

const check = fakeValidators([1, 1, 1, 1])
const blocks: SealedHeader[] = [blockOf(firstHeader)]
for (let number = 1n; number <= 8n; number += 1n) {
  const { header, hash } = blocks.at(-1) as SealedHeader
  const next: Header = { ...header, number, parentHash: hash, timestamp: header.timestamp + 1n }
  blocks.push(blockOf(next))
}
const at = (number: number) => blocks[number] as SealedHeader
const reader = {
  header: (hash: Uint8Array) => blocks.find((one) => one.hash.toHex() === hash.toHex()),
  derived: () => undefined,
  totalWork: () => undefined,
}
/** Block 4 is final, as the first instance decided. */
const derived = {
  ...{ ...emptyDerived, validators: check.validators, nextValidators: check.validators },
  finality: { instance: 1n, number: 4n, hash: at(4).hash },
}

/** What is wrong with a block on block 8 that brings a certificate of the second instance, if anything. */
function faultOf(value: Uint8Array, signers: readonly number[] = [0, 1, 2]) {
  const votes = signers.map((validatorIndex) => {
    const place = { instance: 1, type: 'precommit', height: 2n, round: 0, validRound: -1 } as const
    return signVote({ ...place, value, validatorIndex }, check)
  })
  const certificate: Certificate = quorumCertificate(votes, 4)
  const record = {
    ...plainRecord('hybrid', { derivedHash: new Uint8Array(32), timeMs: 0 }),
    finality: [certificate],
  }
  const header: Header = { ...at(8).header, number: 9n, parentHash: at(8).hash }
  return finalityFault(
    reader,
    { kind: 'recorded', header, record, parent: at(8), derived },
    { ...check, parameters: { checkpointEvery: 4 } as HybridParameters },
  )
}

test('a checkpoint above the last final one, that the block stands on, becomes final', () => {
  assert.equal(faultOf(at(8).hash), undefined)
})

test('what is final already, is no checkpoint, or no ancestor does not become final', () => {
  for (const value of [at(4).hash, at(3).hash, at(7).hash, new Uint8Array(32).fill(9)]) {
    assert.equal(faultOf(value)?.rule, 'finality')
  }
})

test('two of four make nothing final', () => {
  assert.equal(faultOf(at(8).hash, [0, 1])?.rule, 'finality')
})

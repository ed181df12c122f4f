/** Runs the suite of engines on those whose blocks are voted on. */

import assert from 'node:assert/strict'
import { toHex } from '../../base/bytes.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import { parseManifest } from '../ledger/manifest-codec.ts'
import type { BftState } from './bft-state.ts'
import { engineBirth } from './birth.ts'
import { blockOf, consensusSuite, firstHeader, summaryOf } from './consensus.suite.ts'
import type { ConsensusEngine } from './consensus.ts'
import { createEngine } from './create-engine.ts'
import { hashChain } from './randao.ts'

const payTo = `0x${'22'.repeat(20)}`
const chain = hashChain(new Uint8Array(32).fill(5), 16)
const key = (byte: number) => ({
  ...{ scheme: 'ed25519', publicKey: `0x${'00'.repeat(31)}0${byte}`, payTo, owner: payTo },
})
const four = [1, 2, 3, 4]
const staked = { stakeWei: String(10n ** 18n), commitment: toHex(chain.commitment) }
const consensuses = {
  pos: {
    engine: 'pos',
    epochLength: 2,
    validators: four.map((byte) => ({ ...key(byte), ...staked })),
  },
  dpos: {
    engine: 'dpos',
    validators: four.map((byte) => ({ ...key(byte), name: `d${byte}`, ownVotesWei: '1000000000' })),
  },
}

for (const [name, consensus] of Object.entries(consensuses)) {
  const manifest = parseManifest(
    JSON.stringify({
      ...{ version: 1, name: 'voted', chainId: '7', hardfork: 'osaka', consensus },
      genesis: {
        ...{ timestamp: '1000', gasLimit: '30000000', baseFeePerGas: '1000000000' },
        ...{ extraData: '0x', accounts: [] },
      },
    }),
  )
  const reveals = { before: (_: Uint8Array, commitment: Uint8Array) => chain.before(commitment) }
  const create = () =>
    createEngine(manifest, rulesOfOne(7n, 'osaka'), {
      chainKey: new Uint8Array(32).fill(9),
      reveals,
    }) as ConsensusEngine<BftState>
  const birth = engineBirth(manifest.consensus)
  assert.ok(birth)
  const { extraData, record, derived } = birth
  const first = blockOf({ ...firstHeader, extraData }, record)
  const engine = create()
  const { state } = engine.start({
    ...{ head: summaryOf(first.header), header: first.header, derived, nowMs: 2_000_000 },
  })
  const draft = engine.draft?.(state, 1_999_000)
  assert.ok(draft)
  const { record: second, ...fields } = draft
  const header = { ...first.header, ...fields, number: 1n, parentHash: first.hash }
  consensusSuite(name, create, {
    chain: { first, derived, second: blockOf({ ...header, baseFeePerGas: 875_000_000n }, second) },
    extraDataRule: 'decode',
    // Whose turn it is follows from the ground.
    dataOf: ({ rules: { proposerOf: _, ...rules }, ...state }) => ({ ...state, rules }),
  })
}

/** Shows double signing by JSON-RPC: what this node has seen, and what blocks have punished. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { equalBytes, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Chain } from '../chain/chain.ts'
import type { ChainNetwork, NetworkedChain } from '../chain/chain-network.ts'
import { doubleVote } from '../chain/consensus/evidence.ts'
import { encodeMessage } from '../chain/consensus/message-codec.ts'
import type { VoteContent } from '../chain/consensus/messages.ts'
import { voteSignBytes } from '../chain/consensus/sign-bytes.ts'
import { keyAddress, type SigningKey, signingKey } from '../crypto/signatures.ts'
import { open, refused } from './test-chain/ask.ts'
import { type Fields, openVoted, reached } from './test-chain/open-voted.ts'

/** Three that sign twice, and the validator that goes on without them. */
async function openLiars(t: TestContext) {
  const liars = [1, 2, 3].map((byte) => signingKey('ed25519', new Uint8Array(32).fill(byte)))
  let heard: NetworkedChain | undefined
  const nobody: ChainNetwork = {
    ...{ say() {}, sayPart() {}, sayState() {}, sayTransaction() {}, giveBlock() {} },
    ...{
      sayOffer() {},
      sayStatus() {},
      sayNewBlock() {},
      score() {},
      addPeer() {},
      validatorChanged() {},
    },
    ...{ leave() {}, peers: () => [], ask: async () => undefined },
  }
  const opened = await openVoted(t, {
    others: liars,
    join(networked) {
      heard = networked
      return nobody
    },
  })
  await reached(opened.chain, 1n)
  const tell = (liar: SigningKey) =>
    assert.equal(heard?.hear('peer', twice(opened.chain, liar)), 'accept')
  return { ...opened, liars, tell }
}

/** Evidence of two votes for one place of the height after the head. */
function twice(chain: Chain, key: SigningKey): Uint8Array {
  const height = chain.head().header.number + 1n
  const set = chain.validatorsAt(height)
  assert.ok(set)
  const validatorIndex = set.list.findIndex(({ address }) => equalBytes(address, keyAddress(key)))
  const [one, other] = [new Uint8Array(32).fill(1), undefined].map((value) => {
    const content: VoteContent = {
      ...{ instance: 0, type: 'precommit', height, round: 5, validRound: -1, value },
    }
    const place = { chainKey: chain.key, setHash: set.hash }
    return { ...content, validatorIndex, signature: key.sign(voteSignBytes(content, place)) }
  })
  const evidence = one && other && doubleVote(one, other)
  assert.ok(evidence)
  return encodeMessage({ kind: 'evidence', evidence })
}

const nameOf = (key: SigningKey) => toHex(keyAddress(key))
const names = (list: Json | undefined) => (list as Fields[]).map(({ validator }) => validator)

test('evidence waits for a block, and stands in it then; older ones follow by pages', async (t) => {
  const { chain, rpc, ask, liars, tell } = await openLiars(t)
  const [first, second, third] = liars as [SigningKey, SigningKey, SigningKey]
  for (const liar of [first, second]) tell(liar)
  const height = `0x${(chain.head().header.number + 1n).toString(16)}`
  const waiting = await ask('qs_evidence')
  const fault = { kind: 'double-vote', vote: 'precommit', height, round: 5 }
  assert.deepEqual(
    waiting.held,
    [first, second].map((liar) => ({ validator: nameOf(liar), ...fault, punishedIn: null })),
  )
  assert.deepEqual([waiting.punished, waiting.next], [[], null])
  await reached(chain, chain.head().header.number + 2n)
  tell(third)
  await reached(chain, chain.head().header.number + 2n)
  const all = await ask('qs_evidence')
  assert.deepEqual([all.held, all.next], [[], null])
  assert.deepEqual(new Set(names(all.punished)), new Set(liars.map(nameOf)))
  const [last, ...before] = all.punished as Fields[]
  assert.deepEqual(before[0], { ...before[0], ...fault })
  const newest = await ask('qs_evidence', null, 1)
  assert.deepEqual([newest.punished, newest.next], [[last], last?.punishedIn])
  // Both stand in one block, which no page divides.
  const older = await ask('qs_evidence', newest.next as string, 1)
  assert.deepEqual([older.held, older.punished, older.next], [[], before, null])
  const wrong = await refused(rpc, 'qs_evidence', null, 0)
  assert.match(wrong.message, /expected a number from 1 to/)
})

test('a chain that is not voted on has no evidence', async (t) => {
  const { rpc } = await open(t)
  assert.deepEqual(await rpc.call('qs_evidence', []), { held: [], punished: [], next: null })
})

/** Checks the wire form of messages: one encoding each, and everything out of bounds refused. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { decodeRlp, encodeRlp, type RlpSource, type RlpValue } from '../ledger/rlp.ts'
import { bitMap } from './bit-map.ts'
import { quorumCertificate, skipCertificate } from './certificate.ts'
import { decodeMessage, encodeMessage, messageBounds } from './message-codec.ts'
import type { ConsensusMessage, SignedProposal, SignedVote } from './messages.ts'
import { partsOf } from './parts.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const signature = new Uint8Array(3_309).fill(7)
const prevote: SignedVote = {
  ...{ instance: 0, type: 'prevote', height: 2n ** 64n - 1n, round: 2 ** 20 },
  ...{ validRound: 0, value: hash(1), validatorIndex: 127, signature },
}
const nil: SignedVote = { ...prevote, validRound: -1, value: undefined, validatorIndex: 0 }
const precommit: SignedVote = { ...prevote, type: 'precommit', validRound: -1, validatorIndex: 1 }
const block = new Uint8Array(65_536).fill(1)
const proposal: SignedProposal = {
  ...{ instance: 0, height: 3n, round: 1, validRound: -1, value: hash(2), validatorIndex: 5 },
  ...{ partsRoot: partsOf(block).root, partCount: 1, byteLength: 65_536, signature },
}
const full = Array.from({ length: 128 }, (_, validatorIndex) => ({ ...prevote, validatorIndex }))
const bits = bitMap(128, (index) => index % 3 === 0)

const inOne: ConsensusMessage = { kind: 'proposal', proposal, block }
const part: ConsensusMessage = {
  ...{ kind: 'part', height: 3n, round: 0, index: 63 },
  ...{ bytes: block, path: Array(6).fill(hash(3)) },
}

const messages: readonly ConsensusMessage[] = [
  inOne,
  {
    kind: 'proposal',
    proposal: { ...proposal, validRound: 0, byteLength: 2 ** 22, partCount: 64 },
  },
  {
    kind: 'proposal',
    proposal: { ...proposal, instance: 1, partsRoot: hash(0), partCount: 0, byteLength: 0 },
  },
  part,
  ...[prevote, nil, precommit].map((vote) => ({ kind: 'vote', vote }) as const),
  { kind: 'certificate', certificate: quorumCertificate(full, 128) },
  { kind: 'certificate', certificate: quorumCertificate([precommit], 4) },
  { kind: 'certificate', certificate: skipCertificate([prevote, nil, precommit], 128) },
  {
    kind: 'round-state',
    state: {
      ...{ instance: 0, height: 8n, round: -1, step: 'decided', lockedRound: -1, validRound: 4 },
      ...{ hasProposal: true, prevotes: [bits, bits], precommits: [bits, bits] },
    },
  },
  { kind: 'evidence', evidence: { kind: 'double-vote', a: nil, b: prevote } },
  {
    kind: 'evidence',
    evidence: { kind: 'double-proposal', a: proposal, b: { ...proposal, validRound: 0 } },
  },
  {
    kind: 'evidence',
    evidence: {
      kind: 'conflicting-commits',
      a: quorumCertificate([precommit], 4),
      b: quorumCertificate([{ ...precommit, value: hash(9) }], 4),
    },
  },
  {
    kind: 'evidence',
    evidence: {
      kind: 'amnesia',
      commit: quorumCertificate([precommit], 4),
      polka: quorumCertificate(full, 128),
    },
  },
]

/** A value that is put in, for decoding to refuse. */
type Wrong = RlpValue | bigint | number

/** The message with one of its RLP values replaced. */
function changed(message: ConsensusMessage, path: readonly number[], wrong: Wrong): Uint8Array {
  const put = (value: RlpSource | undefined, [at, ...rest]: readonly number[]): RlpSource => {
    if (at === undefined) return wrong
    const items = [...(value as readonly RlpSource[])]
    items[at] = put(items[at], rest)
    return items
  }
  return encodeRlp(put(decodeRlp(encodeMessage(message)), path))
}

const ofPrevote: ConsensusMessage = { kind: 'vote', vote: prevote }
const ofNil: ConsensusMessage = { kind: 'vote', vote: nil }
const ofSkip: ConsensusMessage = {
  kind: 'certificate',
  certificate: skipCertificate([prevote, nil, precommit], 128),
}
const ofPolka: ConsensusMessage = { kind: 'certificate', certificate: quorumCertificate(full, 128) }

describe('messages of validators', () => {
  test('of every kind come back as they were, within their bound', () => {
    for (const message of messages) {
      const bytes = encodeMessage(message)
      assert.ok(bytes.length <= messageBounds[message.kind], `${message.kind}: ${bytes.length}`)
      assert.deepEqual(decodeMessage(bytes), message)
    }
  })

  const refusals: Readonly<Record<string, Uint8Array>> = {
    'kind 0': changed(ofNil, [0], 0),
    'kind 7': changed(ofNil, [0], 7),
    'another number of fields': changed(ofNil, [2], 1),
    'another number of items in a vote': changed(ofNil, [1, 8], 1),
    'instance 2': changed(ofNil, [1, 0], 2),
    'vote of type 0': changed(ofNil, [1, 1], 0),
    'vote of type 3': changed(ofNil, [1, 1], 3),
    'height beyond 64 bits': changed(ofNil, [1, 2], 2n ** 64n),
    'round beyond the last': changed(ofNil, [1, 3], 2 ** 20 + 1),
    'round with a leading zero': changed(ofNil, [1, 3], Uint8Array.of(0, 1)),
    'valid round −2': changed(ofPrevote, [1, 4], 3),
    'valid round that is not before the round': changed(ofPrevote, [1, 4], 2 ** 21),
    'valid round of nil': changed(ofNil, [1, 4], 0),
    'valid round of a precommit': changed({ kind: 'vote', vote: precommit }, [1, 4], 0),
    'value of 31 bytes': changed(ofPrevote, [1, 5], [hash(1).subarray(1)]),
    'two values': changed(ofPrevote, [1, 5], [hash(1), hash(2)]),
    'validator 128': changed(ofNil, [1, 6], 128),
    'empty signature': changed(ofNil, [1, 7], new Uint8Array()),
    'signature that is too long': changed(ofNil, [1, 7], new Uint8Array(3_310)),
    'proposal whose valid round is its own': changed(inOne, [1, 3], 2),
    'proposal with a wrong number of parts': changed(inOne, [1, 6], 2),
    'proposal of a block over 4 MiB': changed(inOne, [1, 7], 2 ** 22 + 1),
    'proposal of no bytes': changed(
      { kind: 'proposal', proposal: { ...proposal, partCount: 0, byteLength: 0 } },
      [1, 5],
      hash(0),
    ),
    'checkpoint with parts': changed(inOne, [1, 0], 1),
    'block of another length': changed(inOne, [2], [block.subarray(1)]),
    'part 64': changed(part, [3], 64),
    'empty part': changed(part, [4], new Uint8Array()),
    'part over 64 KiB': changed(part, [4], new Uint8Array(65_537)),
    'path of 7 hashes': changed(part, [5], Array(7).fill(hash(1))),
    'signature without a bit': changed(ofPolka, [1, 6], bits),
    'signers of 17 bytes': changed(ofPolka, [1, 6], new Uint8Array(17).fill(255)),
    'certificate of nobody': changed(changed1(), [1, 7], []),
    'polka without a value': changed(ofPolka, [1, 4], []),
    'polka with votes': changed(ofPolka, [1, 8], [[]]),
    'skip with a value': changed(ofSkip, [1, 4], [hash(1)]),
    'skip without votes': changed(ofSkip, [1, 8], []),
    'evidence of kind 0': changed(
      { kind: 'evidence', evidence: { kind: 'double-vote', a: nil, b: prevote } },
      [1, 0],
      0,
    ),
    'certificate over 512 KiB': encodeRlp([4, new Uint8Array(512 * 1_024)]),
    'vote over 3.5 KiB': encodeRlp([3, new Uint8Array(3_584)]),
    'too many values': encodeRlp([4, Array(2_600).fill([])]),
    'no bytes': new Uint8Array(),
  }
  /** A polka whose bits are all clear. */
  function changed1(): ConsensusMessage {
    const certificate = { ...quorumCertificate([precommit], 4), signers: Uint8Array.of(0) }
    return { kind: 'certificate', certificate }
  }
  for (const [name, bytes] of Object.entries(refusals)) {
    test(`${name} is refused`, () => {
      assert.throws(
        () => decodeMessage(bytes),
        (error) =>
          error instanceof AppError &&
          /^(consensus\/bad-message|ledger\/bad-rlp)$/.test(error.code),
      )
    })
  }

  test('with damaged bytes are refused, or are another message in its one encoding', () => {
    const short = messages.map(encodeMessage).filter(({ length }) => length < 20_000)
    const damage = fc.tuple(fc.constantFrom(...short), fc.nat(), fc.nat(255), fc.nat(3))
    fc.assert(
      fc.property(damage, ([bytes, place, byte, cut]) => {
        const spoilt = Uint8Array.from(bytes.subarray(0, bytes.length - cut))
        // Most of a message is signatures, whose bytes nobody reads here: half of the damage is to its beginning.
        spoilt[place % (place % 2 === 0 ? 64 : spoilt.length)] = byte
        try {
          assert.deepEqual(encodeMessage(decodeMessage(spoilt)), spoilt)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
        }
      }),
      { numRuns: 3_000, seed: 7 },
    )
  })
})

/** Makes headers with certificates, without blocks: for tests of what is proven by them. */

import { keccak256 } from '../../../crypto/keccak.ts'
import { type SignatureScheme, type SigningKey, signingKey } from '../../../crypto/signatures.ts'
import type { Header } from '../../ledger/block.ts'
import { encodeHeader } from '../../ledger/block-codec.ts'
import { quorumCertificate } from '../certificate.ts'
import type { FinalitySource, RecordedBytes, TrustedPoint } from '../finality-proof.ts'
import type { Certificate, ValidatorSet, VoteContent } from '../messages.ts'
import { encodeRecord, plainRecord, recordHash } from '../record.ts'
import { voteSignBytes } from '../sign-bytes.ts'
import { validatorSet } from '../validator-set.ts'

/** The key of the chains. */
export const testChainKey = new Uint8Array(32).fill(0xc4)

const zero = new Uint8Array(32)

/** Keys of one scheme. */
export function keysOf(scheme: SignatureScheme, seeds: readonly number[]): readonly SigningKey[] {
  return seeds.map((seed) => signingKey(scheme, new Uint8Array(32).fill(seed)))
}

/** The set of keys, each of weight 1. */
export function setOf(keys: readonly SigningKey[]): ValidatorSet {
  const payTo = new Uint8Array(20)
  return validatorSet(
    keys.map(({ scheme, publicKey }) => ({ scheme, publicKey, weight: 1n, payTo })),
  )
}

/** Votes of a set for the same. */
export function certificateOf(
  keys: readonly SigningKey[],
  content: VoteContent,
  signers: readonly SigningKey[] = keys,
): Certificate {
  const set = setOf(keys)
  const votes = signers.map((key) => ({
    ...content,
    validatorIndex: set.list.findIndex(({ publicKey }) => publicKey === key.publicKey),
    signature: key.sign(voteSignBytes(content, { chainKey: testChainKey, setHash: set.hash })),
  }))
  return quorumCertificate(votes, keys.length)
}

/**
 * A chain of headers.
 *
 * @param keys - of the validators of each height, from the first block on
 * @param options - `signers`: how many of them sign
 */
export function certifiedChain(
  keys: readonly (readonly SigningKey[])[],
  options: { readonly signers?: number } = {},
): FinalitySource & { readonly trusted: (number: bigint) => TrustedPoint } {
  const blocks: RecordedBytes[] = []
  const hashes: Uint8Array[] = []
  for (const [number, own] of keys.entries()) {
    const record = encodeRecord({
      ...plainRecord('bft', { derivedHash: zero, timeMs: 0 }),
      validatorsHash: setOf(own).hash,
      nextValidatorsHash: setOf(keys[number + 1] ?? own).hash,
    })
    const header = encodeHeader(headerOf(BigInt(number), hashes.at(-1) ?? zero, record))
    blocks.push({ header, record })
    hashes.push(keccak256(header))
  }
  const at = <T>(list: readonly T[], number: bigint) => list[Number(number)]
  return {
    recorded: (number) => at(blocks, number),
    validators: (number) => {
      const own = at(keys, number)
      return own && setOf(own)
    },
    certificate: (number) => {
      const [own, value] = [at(keys, number), at(hashes, number)]
      const content = { instance: 0, type: 'precommit', round: 0, validRound: -1 } as const
      return (
        own &&
        certificateOf(own, { ...content, height: number, value }, own.slice(0, options.signers))
      )
    },
    trusted: (number) => ({
      ...{ chainKey: testChainKey, number },
      hash: at(hashes, number) ?? zero,
    }),
  }
}

function headerOf(number: bigint, parentHash: Uint8Array, record: Uint8Array): Header {
  return {
    ...{ parentHash, ommersHash: zero, beneficiary: new Uint8Array(20), stateRoot: zero },
    ...{ transactionsRoot: zero, receiptsRoot: zero, logsBloom: new Uint8Array(256) },
    ...{ difficulty: 0n, number, gasLimit: 30_000_000n, gasUsed: 0n, timestamp: number + 1n },
    ...{ extraData: recordHash(record), mixHash: zero, nonce: new Uint8Array(8) },
    ...{ baseFeePerGas: 1n, withdrawalsRoot: zero, blobGasUsed: 0n, excessBlobGas: 0n },
    ...{ parentBeaconBlockRoot: zero, requestsHash: zero },
  }
}

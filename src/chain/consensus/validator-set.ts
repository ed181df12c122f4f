/** Builds sets of validators, and says how much weight decides. */

import { AppError } from '../../base/app-error.ts'
import { compareBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import {
  keyAddress,
  type SignatureScheme,
  schemeFacts,
  schemeOfByte,
  signatureSchemes,
} from '../../crypto/signatures.ts'
import { encodeRlp } from '../ledger/rlp.ts'
import {
  anyBytes,
  count,
  fields,
  fixedBytes,
  listOf,
  natural,
  type RlpShape,
} from '../ledger/rlp-shape.ts'
import { limits } from './limits.ts'
import type { Validator, ValidatorSet } from './messages.ts'

/** A member before it stands in a set. */
export type ValidatorEntry = Omit<Validator, 'address'>

const maxWeight = 2n ** 60n - 1n
const maxTotal = 2n ** 63n - 1n

/** Whether so much of a total is a quorum: over two thirds, in integers (arXiv 1807.04938, section 2, with weights). */
export function isQuorum(weight: bigint, total: bigint): boolean {
  return 3n * weight > 2n * total
}

/** Whether so much of a total must have a correct validator in it: over a third. */
export function isOverThird(weight: bigint, total: bigint): boolean {
  return 3n * weight > total
}

/** Most members that a set of these schemes has, unless the manifest says otherwise. */
function defaultMaxValidators(schemes: readonly SignatureScheme[]): number {
  return schemes.includes('ml-dsa-65') ? limits.maxMlDsaValidators : limits.maxValidators
}

/**
 * A set, in order of addresses, with its hash: keccak256(rlp([[scheme, publicKey, weight, payTo], …])).
 *
 * @param most - members that it may have, at most 128; by default what their schemes allow
 * @throws AppError `consensus/bad-validator-set` for none or too many, one twice, a key or a weight that is none
 */
export function validatorSet(entries: readonly ValidatorEntry[], most?: number): ValidatorSet {
  const max = most ?? defaultMaxValidators(entries.map(({ scheme }) => scheme))
  const count = entries.length
  if (count < 1 || count > Math.min(max, limits.maxValidators)) {
    throw bad(`it has ${count} members, not 1 to ${Math.min(max, limits.maxValidators)}`)
  }
  for (const entry of entries) checkEntry(entry)
  const list = entries
    .map((entry) => ({ ...entry, address: keyAddress(entry) }))
    .sort((a, b) => compareBytes(a.address, b.address))
  list.forEach(({ address }, at) => {
    const before = list[at - 1]
    if (before && compareBytes(before.address, address) === 0) {
      throw bad(`the validator 0x${address.toHex()} is in it twice`)
    }
  })
  const total = list.reduce((sum, { weight }) => sum + weight, 0n)
  if (total > maxTotal) throw bad(`its weights are ${total} together, not below 2^63`)
  return { list, total, hash: keccak256(encodeRlp(members.encode(list))) }
}

/** The set of a chain that has no validators; its hash is zero. */
export const noValidators: ValidatorSet = { list: [], total: 0n, hash: new Uint8Array(32) }

/** A set in RLP: its members in order, each as [scheme, publicKey, weight, payTo]. */
export const validatorSetShape: RlpShape<ValidatorSet> = {
  encode: ({ list }) => members.encode(list),
  decode(value, name) {
    const entries = members.decode(value, name)
    if (entries.length === 0) return noValidators
    const set = validatorSet(entries, limits.maxValidators)
    // Sorted, or a set had more than one encoding.
    if (set.list.every(({ publicKey }, at) => publicKey === entries[at]?.publicKey)) return set
    throw bad('its members are not in order')
  },
}

const members = listOf<ValidatorEntry>(
  fields<ValidatorEntry>({
    scheme: {
      encode: (scheme) => schemeFacts[scheme].byte,
      decode(value, name) {
        const code = count(signatureSchemes.length).decode(value, name)
        const scheme = schemeOfByte(code)
        if (scheme) return scheme
        throw bad(`there is no scheme ${code}`)
      },
    },
    ...{ publicKey: anyBytes(() => true), weight: natural(60), payTo: fixedBytes(20) },
  }),
  limits.maxValidators,
)

function checkEntry({ scheme, publicKey, weight, payTo }: ValidatorEntry): void {
  const { publicKeyBytes } = schemeFacts[scheme]
  if (publicKey.length !== publicKeyBytes) {
    throw bad(`a key of ${scheme} has ${publicKeyBytes} bytes, not ${publicKey.length}`)
  }
  if (weight < 1n || weight > maxWeight) throw bad(`the weight ${weight} is not 1 to 2^60 − 1`)
  if (payTo.length !== 20) throw bad(`an address to pay to has 20 bytes, not ${payTo.length}`)
}

function bad(reason: string): AppError {
  return new AppError({
    code: 'consensus/bad-validator-set',
    message: `no set of validators: ${reason}`,
  })
}

/** Encodes and decodes what a block did to the state, for storage. */

import {
  decodeRlp,
  encodeRlp,
  type RlpValue,
  rlpBytes,
  rlpInteger,
  rlpList,
  rlpNumber,
  rlpPlaces,
} from '../ledger/rlp.ts'
import type { AccountChange, Difference, EncodedDifference } from './state.ts'

/** RLP of a difference. */
export function encodeDifference({ accounts, codes }: Difference): EncodedDifference {
  return encodeRlp([accounts.map(changeValue), codes])
}

/** A difference from RLP; @throws AppError `ledger/bad-rlp` */
export function decodeDifference(bytes: EncodedDifference): Difference {
  const [accounts, codes] = rlpList(decodeRlp(bytes), 'the difference', 2)
  return {
    accounts: rlpList(accounts, 'accounts').map(changeFrom),
    codes: rlpList(codes, 'codes').map((code) => rlpBytes(code, 'code')),
  }
}

/** The encoded list of changed accounts, and the codes that appeared; @throws AppError `ledger/bad-rlp` */
export function partsOfDifference(bytes: EncodedDifference): {
  readonly changes: Uint8Array
  readonly newCodes: readonly Uint8Array[]
} {
  const [start, middle, end] = rlpPlaces(bytes, 0)
  const codes = decodeRlp(bytes.subarray(middle, end))
  return {
    changes: bytes.subarray(start, middle),
    newCodes: rlpList(codes, 'codes').map((code) => rlpBytes(code, 'code')),
  }
}

function changeValue({ address, account, storageWiped, slots }: AccountChange): RlpValue {
  const fields = account
    ? [rlpInteger(account.nonce), rlpInteger(account.balance), account.codeHash]
    : []
  return [
    address,
    fields,
    rlpInteger(storageWiped ? 1 : 0),
    slots.map((pair) => pair.map(rlpInteger)),
  ]
}

function changeFrom(value: RlpValue): AccountChange {
  const [address, account, wiped, slots] = rlpList(value, 'a change', 4)
  const [nonce, balance, codeHash] = rlpList(account, 'an account')
  return {
    address: rlpBytes(address, 'address', 20),
    account:
      nonce === undefined
        ? undefined
        : {
            nonce: rlpNumber(nonce, 'nonce', 64),
            balance: rlpNumber(balance, 'balance'),
            codeHash: rlpBytes(codeHash, 'codeHash', 32),
          },
    storageWiped: rlpNumber(wiped, 'storageWiped', 8) === 1n,
    slots: rlpList(slots, 'slots').map((pair) => {
      const [slot, written] = rlpList(pair, 'a slot', 2)
      return [rlpNumber(slot, 'slot'), rlpNumber(written, 'value')] as const
    }),
  }
}

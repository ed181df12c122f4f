/** Encodes what a validator must remember of a height, for its log. */

import { decodeRlp, encodeRlp } from '../ledger/rlp.ts'
import {
  count,
  fields,
  fixedBytes,
  natural,
  oneOf,
  opaque,
  optional,
  type RlpShape,
} from '../ledger/rlp-shape.ts'
import { readCertificate, writeCertificate } from './bft/message-fields.ts'
import type { LoggedCore } from './bft-core.ts'
import type { CoreState } from './core-state.ts'
import { limits } from './limits.ts'
import type { Certificate } from './messages.ts'

/** Where a validator stood; its own messages are logged beside it, and its blocks are checked again. */
export type LoggedPlace = Omit<LoggedCore, 'checkedValues' | 'proposals' | 'votes'>

const certificate: RlpShape<Certificate> = {
  encode: writeCertificate,
  decode: (value, name) => readCertificate(opaque.decode(value, name)),
}
/** A round, or −1 for none. */
const roundOrNone: RlpShape<number> = {
  encode: (value) => value + 1,
  decode: (value, name) => count(limits.maxRound + 1).decode(value, name) - 1,
}
const value = optional(fixedBytes(32))

const shape = fields<LoggedPlace>({
  height: natural(64),
  round: roundOrNone,
  step: oneOf('new', 'propose', 'prevote', 'precommit', 'decided'),
  lockedRound: roundOrNone,
  lockedValue: value,
  validRound: roundOrNone,
  validValue: value,
  validPolka: optional(certificate),
})

/** The bytes of what must be remembered of a core. */
export function encodeLoggedPlace(state: CoreState): Uint8Array {
  return encodeRlp(shape.encode(state))
}

/** The opposite; @throws AppError `ledger/bad-rlp`, `consensus/bad-message` */
export function decodeLoggedPlace(bytes: Uint8Array): LoggedPlace {
  return shape.decode(decodeRlp(bytes), 'the logged core')
}

/** Drafts transfers of ether for others to sign, and takes the signatures: a part of the group qs. */

import { toHex } from '../../base/bytes.ts'
import { withCodes } from '../envelope/coded-error.ts'
import { type Parser, record } from '../params/parser.ts'
import { signature } from '../params/signature.ts'
import { address, quantity } from '../params/values.ts'
import type { DraftWish } from '../view/drafts.ts'
import { type MethodTable, method } from './method.ts'
import { draft, submitSigned } from './signed-drafts.ts'

const transfer: Parser<DraftWish> = (value, path) => {
  const { sender, recipient, amount } = record(value, path)
  return {
    sender: address(sender, `${path}.sender`),
    to: address(recipient, `${path}.recipient`),
    value: quantity(amount, `${path}.amount`),
    data: new Uint8Array(),
  }
}

export const transferMethods: MethodTable = {
  qs_draftTransfer: method([transfer], (context, [wish]) => withCodes(() => draft(context, wish))),
  qs_sendTransfer: method([transfer, signature], (context, [wish, signed]) =>
    withCodes(async () => toHex(await submitSigned(context, wish, signed))),
  ),
}

/** Proves that blocks are final, for those who run no node: a part of the group qs. */

import { toHex } from '../../base/bytes.ts'
import { endOf } from '../../chain/consensus/finality-proof.ts'
import { encodeCertificate } from '../../chain/consensus/travelling-block.ts'
import { codedError, withCodes } from '../envelope/coded-error.ts'
import { finalityJson } from '../format/finality-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { blockNumber, latest } from '../params/block-reference.ts'
import { optional } from '../params/parser.ts'
import { quantity64 } from '../params/values.ts'
import { numberOf } from '../view/blocks.ts'
import { type MethodTable, method } from './method.ts'

export const finalityMethods: MethodTable = {
  qs_finalityProof: method(
    [optional(quantity64, 0n), optional(blockNumber, latest)],
    ({ chain }, [from, wanted]) =>
      withCodes(async () => {
        const to = numberOf(chain, wanted)
        const { name } = chain.manifest
        if (from > to) {
          const message = `a proof leads from an earlier block to a later one, not from ${from} to ${to}`
          throw codedError('rpc/no-proof', message)
        }
        const proof = chain.finalityProof(from, to)
        if (proof === undefined) {
          const message = `the chain "${name}" has no certificates that lead from block ${from} to ${to}: its blocks must be voted on, and both be there`
          throw codedError('rpc/no-proof', message)
        }
        const { number, hash } = endOf(proof)
        return {
          ...{ chainKey: toHex(chain.key), from: toQuantity(from) },
          ...{ number: toQuantity(number), hash: toHex(hash), isWhole: number === to },
          ...finalityJson(proof),
          polkas: (chain.decisionOf(number)?.polkas ?? []).map((one) =>
            toHex(encodeCertificate(one)),
          ),
        }
      }),
  ),
}

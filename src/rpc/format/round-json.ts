/** Shows where a height stands that is voted on. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { RoundView } from '../../chain/consensus/round-view.ts'
import { toQuantity } from './quantity.ts'

/** A round with what each validator of the set has said in it. */
export function roundJson(view: RoundView): Json {
  const { height, round, step, validators, proposer, self, hasProposal, evidence } = view
  const { prevotes, precommits } = view
  const addressAt = (at: number | undefined) => {
    const member = at === undefined ? undefined : validators.list[at]
    return member ? toHex(member.address) : null
  }
  return {
    ...{ height: toQuantity(height), round: Math.max(round, 0), step, hasProposal },
    ...{ proposer: addressAt(proposer), self: addressAt(self) },
    totalWeight: toQuantity(validators.total),
    validators: validators.list.map(({ address, weight, scheme }, at) => ({
      ...{ address: toHex(address), weight: toQuantity(weight), scheme },
      ...{ hasPrevoted: prevotes[at] !== undefined, hasPrecommitted: precommits[at] !== undefined },
    })),
    evidence: evidence.map(({ signer, evidence: { kind, a } }) => ({
      ...{ kind, validator: toHex(signer) },
      ...{ height: toQuantity(a.height), round: a.round },
    })),
  }
}

/** Shows who signs the heights to come. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { EngineName } from '../../chain/consensus/consensus.ts'
import { type ContractKind, contractAddresses } from '../../chain/consensus/contract-layout.ts'
import type { Derived } from '../../chain/consensus/derived.ts'
import type { ValidatorSet } from '../../chain/consensus/messages.ts'
import { toQuantity } from './quantity.ts'

/** Where the set of an engine is decided on. */
const kinds: Partial<Record<EngineName | 'hybrid', ContractKind>> = {
  ...{ bft: 'registry', pos: 'staking', dpos: 'delegates', hybrid: 'committee' },
}

/** What is shown of a chain. */
export interface ShownSets {
  readonly engine: EngineName
  readonly derived: Derived | undefined
  /** Of the head. */
  readonly height: bigint
  readonly withKeys: boolean
  /** Of each of the last blocks. */
  readonly signers: readonly (readonly Uint8Array[])[]
}

/** The sets of the next height and of the one after, with who is left out of the turns. */
export function validatorsJson(shown: ShownSets): Json {
  const { engine, derived, height, withKeys, signers } = shown
  const signed = new Map<string, number>()
  for (const name of signers.flat().map((address) => address.toHex())) {
    signed.set(name, (signed.get(name) ?? 0) + 1)
  }
  const kind = kinds[engine]
  const { validators, nextValidators, absences = [], bans = [] } = derived ?? {}
  const absence = new Map(absences.map((one) => [one.address.toHex(), one]))
  const list = (validators?.list ?? []).map((one) => {
    const { missed = 0, absentUntil = 0n } = absence.get(one.address.toHex()) ?? {}
    return {
      ...member(one),
      ...(withKeys && { publicKey: toHex(one.publicKey) }),
      ...{ missed, signed: signed.get(one.address.toHex()) ?? 0 },
      absentUntil: absentUntil > height ? toQuantity(absentUntil) : null,
    }
  })
  const isSame = toHex(validators?.hash ?? none) === toHex(nextValidators?.hash ?? none)
  return {
    ...{ engine, contract: kind ? toHex(contractAddresses[kind]) : null },
    ...{ height: toQuantity(height + 1n), totalWeight: toQuantity(validators?.total ?? 0n) },
    lastBlocks: signers.length,
    validators: list,
    next: isSame ? null : (nextValidators?.list ?? []).map(member),
    bans: bans.map(({ address, untilHeight, count }) => ({
      ...{ address: toHex(address), untilHeight: toQuantity(untilHeight), count },
    })),
  }
}

const none = new Uint8Array()

function member({ address, scheme, weight, payTo }: ValidatorSet['list'][number]) {
  return {
    ...{ address: toHex(address), scheme, weight: toQuantity(weight), payTo: toHex(payTo) },
  }
}

/** Reads what a call pretends: accounts that hold something else, a block that is another. */

import { toBigInt } from '../../base/bytes.ts'
import type { BlockContext } from '../../chain/evm/evm.ts'
import type { Address } from '../../chain/ledger/transaction.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { optional, type Parser, record } from './parser.ts'
import { address, bytes, hash, quantity, quantity64, slot, word } from './values.ts'

type Slots = readonly (readonly [slot: bigint, value: bigint])[]

/** What an account is taken to hold; what is absent stays. */
export interface AccountOverride {
  readonly address: Address
  readonly nonce: bigint | undefined
  readonly balance: bigint | undefined
  readonly code: Uint8Array | undefined
  /** All storage there is. */
  readonly state: Slots | undefined
  /** Slots that differ. */
  readonly stateDiff: Slots | undefined
  /** Where the precompile of this address works instead. */
  readonly movePrecompileTo: Address | undefined
}

/** What a block is taken to be; what is absent stays. */
export type BlockOverride = Partial<
  Pick<
    BlockContext,
    'number' | 'timestamp' | 'gasLimit' | 'beneficiary' | 'mixHash' | 'baseFeePerGas'
  >
>

/** Reads the state override object: address to account; `most` bounds accounts and slots together. */
export function stateOverrides(most: number): Parser<readonly AccountOverride[]> {
  return (value, path) => {
    const entries = Object.entries(record(value, path))
    const overrides = entries.slice(0, most + 1).map(([key, fields]) => {
      const at = `${path}.${key.slice(0, 44)}`
      return accountOverride(address(key, at), record(fields, at), at)
    })
    const slots = overrides.reduce((sum, one) => sum + count(one.state) + count(one.stateDiff), 0)
    if (overrides.length + slots > most)
      throw invalidParams(`${path}: more than ${most} accounts and slots are overridden`)
    return overrides
  }
}

/** Reads the block override object. */
export const blockOverride: Parser<BlockOverride> = (value, path) => {
  const fields = record(value, path)
  const known: Readonly<Record<string, readonly [keyof BlockOverride, Parser<unknown>]>> = {
    number: ['number', quantity64],
    time: ['timestamp', quantity64],
    gasLimit: ['gasLimit', quantity64],
    feeRecipient: ['beneficiary', address],
    prevRandao: ['mixHash', hash],
    baseFeePerGas: ['baseFeePerGas', quantity],
  }
  const read = Object.entries(fields).map(([name, field]) => {
    const [target, parse] = (Object.hasOwn(known, name) && known[name]) || []
    if (!target || !parse) {
      const names = Object.keys(known).join(', ')
      throw invalidParams(`${path}: only these can be overridden: ${names}`)
    }
    return [target, parse(field, `${path}.${name}`)]
  })
  return Object.fromEntries(read) as BlockOverride
}

function accountOverride(
  account: Address,
  fields: ReturnType<typeof record>,
  path: string,
): AccountOverride {
  const override = {
    address: account,
    nonce: optional(quantity64)(fields.nonce, `${path}.nonce`),
    balance: optional(quantity)(fields.balance, `${path}.balance`),
    code: optional(bytes)(fields.code, `${path}.code`),
    state: optional(slots)(fields.state, `${path}.state`),
    stateDiff: optional(slots)(fields.stateDiff, `${path}.stateDiff`),
    movePrecompileTo: optional(address)(
      fields.movePrecompileToAddress,
      `${path}.movePrecompileToAddress`,
    ),
  }
  if (override.state && override.stateDiff)
    throw invalidParams(`${path}: has both 'state' and 'stateDiff'`)
  return override
}

const slots: Parser<Slots> = (value, path) =>
  Object.entries(record(value, path)).map(([key, held]) => [
    slot(key, `${path} (key)`),
    typeof held === 'string' && held.length < 66
      ? toBigInt(bytes(held, `${path}.${key.slice(0, 66)}`))
      : word(held, `${path}.${key.slice(0, 66)}`),
  ])

function count(list: Slots | undefined): number {
  return list?.length ?? 0
}

/** Gives the tests of staking a chain with founders on it, and short names for what they do. */

import { type Address, type Hex, toHex } from 'viem'
import { addressBytes, bornContract, ether, keyOf, provenKey } from './born-contract.ts'

/** What staking contracts of the tests are born with. */
export const parameters = {
  ...{ maxCandidates: 4, minStakeWei: 10n * ether, unbondingSeconds: 1_000, unbondingBlocks: 20 },
  ...{ doubleSignBps: 500, correlation: 3 },
}

/** A validator as the contract has it. */
export interface Entry {
  readonly owner: Address
  readonly scheme: number
  readonly status: number
  readonly commissionBps: number
  readonly exitBlock: number
  readonly committedAt: number
  readonly payTo: Address
  readonly clockBlock: number
  readonly clockTime: number
  readonly commitment: Hex
  readonly stake: { readonly amount: bigint; readonly shares: bigint }
  readonly unbonding: { readonly amount: bigint; readonly shares: bigint }
}

/** What an account has with a validator. */
export interface Holding {
  readonly shares: bigint
  readonly unbonding: bigint
  readonly clockBlock: number
  readonly clockTime: number
}

/** A candidate as the contract has it. */
export interface Candidate {
  readonly validator: Address
  readonly weight: bigint
  readonly since: number
}

/** What every validator of the tests commits to first. */
export const commitment = toHex(5, { size: 32 })

/** Founders 0, 1, … with these stakes, each owned by the account of its number, with a tenth as commission. */
export async function bornStaking(
  stakes: readonly bigint[],
  changes: Partial<typeof parameters> = {},
) {
  const staking = await bornContract('staking', { ...parameters, ...changes }, (accounts) =>
    stakes.map((stakeWei, at) => {
      const owner = addressBytes(accounts[at % accounts.length] as Address)
      const founder = { ...keyOf(at), owner, payTo: owner, stakeWei, commissionBps: 1_000 }
      return { ...founder, commitment: new Uint8Array(32).fill(5, 31) }
    }),
  )
  const { write, read, accounts } = staking
  const account = (at: number) => accounts[at] as Address
  const list = async <T>(countName: string, itemName: string) => {
    const count = Number(await read<bigint>(countName))
    return Promise.all(Array.from({ length: count }, (_, at) => read<T>(itemName, at)))
  }
  return {
    ...{ ...staking, account },
    entry: (validator: Address) => read<Entry>('entryOf', validator),
    holding: async (validator: Address, at: number) => {
      const [holding, stakeWei, unbondingWei] = await read<[Holding, bigint, bigint]>(
        ...(['holdingOf', validator, account(at)] as const),
      )
      return { ...holding, stakeWei, unbondingWei }
    },
    candidates: () => list<Candidate>('candidateCount', 'candidateAt'),
    deposit: (at: number, key: ReturnType<typeof keyOf>, wei: bigint) =>
      write(account(at), 'deposit', [provenKey(key), account(at), commitment, 1_000], wei),
    addStake: (at: number, validator: Address, wei: bigint) =>
      write(account(at), 'addStake', [validator], wei),
    removeStake: (at: number, validator: Address, shares: bigint) =>
      write(account(at), 'removeStake', [validator, shares]),
    withdraw: (at: number, validator: Address, to = account(at)) =>
      write(account(at), 'withdraw', [validator, to]),
    claimable: (at: number) => read<bigint>('claimable', account(at)),
  }
}

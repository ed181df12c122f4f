/** Gives the tests of delegates a chain with founders on it, and short names for what they do. */

import { type Address, type Hex, toHex } from 'viem'
import { addressBytes, bornContract, ether, keyOf, provenKey } from './born-contract.ts'
import type { Candidate } from './born-staking.ts'

/** What delegates contracts of the tests are born with. */
export const parameters = {
  ...{ maxCandidates: 4, registrationFeeWei: ether, unlockSeconds: 700, ownUnlockSeconds: 3_000 },
  ...{ ownUnlockBlocks: 20, banSeconds: 3_000, slashBps: 1_000 },
}

/** A delegate as the contract has it. */
export interface Entry {
  readonly owner: Address
  readonly scheme: number
  readonly faults: number
  readonly commissionBps: number
  readonly isSuspended: boolean
  readonly faultBlock: number
  readonly payTo: Address
  readonly bannedUntil: number
  readonly heldUntil: number
  readonly name: Hex
  readonly own: bigint
  readonly ownUnlocking: bigint
  readonly votes: { readonly amount: bigint; readonly shares: bigint }
  readonly ownClockBlock: number
  readonly ownClockTime: number
}

/** What a voter has with a delegate. */
export interface Vote {
  readonly shares: bigint
  readonly unlocking: bigint
  readonly unlockTime: number
}

/** The name of a delegate, as 32 bytes. */
export const nameOf = (number: number): Hex => toHex(`delegate ${number}`, { size: 32 })

/** Founders 0, 1, … with these votes of their own, each of the account of its number, with half as commission. */
export async function bornDelegates(
  own: readonly bigint[],
  changes: Partial<typeof parameters> = {},
) {
  const delegates = await bornContract('delegates', { ...parameters, ...changes }, (accounts) =>
    own.map((ownVotesWei, at) => {
      const owner = addressBytes(accounts[at % accounts.length] as Address)
      const founder = { ...keyOf(at), owner, payTo: owner, ownVotesWei, commissionBps: 5_000 }
      return { ...founder, name: new TextEncoder().encode(`delegate ${at}`) }
    }),
  )
  const { write, read, accounts } = delegates
  const account = (at: number) => accounts[at] as Address
  return {
    ...{ ...delegates, account },
    entry: (delegate: Address) => read<Entry>('entryOf', delegate),
    voteOf: async (delegate: Address, at: number) => {
      const [vote, votesWei] = await read<[Vote, bigint]>('voteOf', delegate, account(at))
      return { ...vote, votesWei }
    },
    candidates: async () => {
      const count = Number(await read<bigint>('candidateCount'))
      const places = Array.from({ length: count }, (_, at) => at)
      return Promise.all(places.map((at) => read<Candidate>('candidateAt', at)))
    },
    register: (at: number, key: ReturnType<typeof keyOf>, name: Hex, fee = ether) =>
      write(account(at), 'registerDelegate', [name, provenKey(key), account(at), 5_000], fee),
    vote: (at: number, delegate: Address, wei: bigint) =>
      write(account(at), 'vote', [delegate], wei),
    unvote: (at: number, delegate: Address, part: bigint) =>
      write(account(at), 'unvote', [delegate, part]),
    withdraw: (at: number, delegate: Address, to = account(at)) =>
      write(account(at), 'withdraw', [delegate, to]),
    claimable: (at: number) => read<bigint>('claimable', account(at)),
  }
}

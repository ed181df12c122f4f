/** Ends an epoch or round: pays who has earned something, and puts out who took no part for too long. */

import type { Address } from '../ledger/transaction.ts'
import type { Credit } from './consensus.ts'
import { contractAddresses } from './contract-layout.ts'
import { earnedRewards, silencesAfter } from './epoch-count.ts'
import type { EpochTally, Silence, Tally } from './epoch-tally.ts'
import type { StakedKind } from './staked-reader.ts'
import { expelCall, rewardCall, type SystemCall } from './system-calls.ts'

/** What an epoch is settled by. */
export interface SettlingRules {
  readonly contract: StakedKind
  readonly hasEarned: (tally: Tally) => boolean
  readonly isSilent: (tally: Tally) => boolean
  /** Whether it is still of interest whether somebody takes part. */
  readonly isKept: (address: Address) => boolean
}

/** What comes of it. */
export interface Settlement {
  readonly credits: readonly Credit[]
  readonly calls: readonly SystemCall[]
  readonly expelled: readonly Address[]
  readonly silences: readonly Silence[]
}

/** Who takes no part for so many epochs in a row is put out. */
const epochsAllowed = 3

/** The end of an epoch; rewards are credited to the contract, which shares them out. */
export function settled(count: EpochTally, rules: SettlingRules): Settlement {
  const { contract } = rules
  const rewards = earnedRewards(count, rules.hasEarned)
  const amountWei = rewards.reduce((sum, { wei }) => sum + wei, 0n)
  const all = silencesAfter(count, rules)
  const expelled = all.filter(isOver).map(({ address }) => address)
  const credit: Credit = { to: contractAddresses[contract], amountWei, why: 'reward' }
  return {
    credits: amountWei > 0n ? [credit] : [],
    calls: [
      ...(amountWei > 0n ? [rewardCall(contract, rewards)] : []),
      ...expelled.map((address) => expelCall(contract, address)),
    ],
    expelled,
    silences: all.filter((one) => !isOver(one)),
  }
}

function isOver({ epochs }: Silence): boolean {
  return epochs >= epochsAllowed
}

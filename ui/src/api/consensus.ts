/** Asks how a chain is agreed on: its validators, the votes on the next block, and the peers. */

import { useQuery } from '@tanstack/react-query'
import { callRpc } from './client.ts'

/** A number as JSON-RPC has it. */
type Quantity = string

/** Of the answer of `qs_consensus`. */
export interface ConsensusView {
  readonly engine: string
  readonly head: Quantity
  readonly finalized: Quantity
  readonly lag: Quantity
  readonly behind: Quantity
  readonly mining: { readonly hashesPerSecond: number } | null
  readonly voting: Voting | null
}

/** The votes on the next block. */
interface Voting {
  readonly height: Quantity
  readonly round: number
  readonly step: string
  readonly hasProposal: boolean
  readonly proposer: string | null
  readonly self: string | null
  readonly validators: readonly {
    readonly address: string
    readonly hasPrevoted: boolean
    readonly hasPrecommitted: boolean
  }[]
  readonly evidence: readonly Fault[]
}

/** What a validator did against the rules. */
export interface Fault {
  readonly kind: string
  readonly validator: string | null
  readonly height: Quantity
  readonly round: number
}

/** Of the answer of `qs_validators`. */
export interface ValidatorsView {
  readonly totalWeight: Quantity
  /** Blocks of which it is told who signed them. */
  readonly lastBlocks: number
  readonly validators: readonly {
    readonly address: string
    readonly scheme: string
    readonly weight: Quantity
    readonly payTo: string
    readonly missed: number
    readonly signed: number
    readonly absentUntil: Quantity | null
  }[]
}

/** Of the answer of `qs_peers`. */
export interface LinkedPeer {
  readonly id: string
  readonly validator: string | null
  readonly height: Quantity | null
  readonly link: {
    readonly host: string
    readonly port: number
    readonly isDialled: boolean
    readonly sinceMs: number
    readonly score: number
    readonly received: Traffic
    readonly sent: Traffic
    readonly waiting: Traffic
  } | null
}

interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** All of it at one moment. */
export interface Agreement {
  readonly consensus: ConsensusView
  readonly validators: ValidatorsView
  readonly peers: readonly LinkedPeer[]
}

/** A validator with what it does at the moment. */
export interface ValidatorRow {
  readonly address: string
  readonly scheme: string
  readonly weight: string
  /** Of the whole weight, in per cent. */
  readonly share: number
  readonly isProposer: boolean
  readonly isSelf: boolean
  readonly isLinked: boolean
  readonly hasPrevoted: boolean
  readonly hasPrecommitted: boolean
  readonly missed: number
  readonly signed: number
  readonly absentUntil: string | null
}

/** Milliseconds between two looks. */
const lookMs = 500

/** How a chain is agreed on, asked again every half second. */
export function useAgreement(chain: string) {
  return useQuery({
    queryKey: ['agreement', chain],
    queryFn: async (): Promise<Agreement> => {
      const ask = <T>(method: string) =>
        callRpc<T>(`/v1/rpc/${encodeURIComponent(chain)}`, method, [])
      const [consensus, validators, peers] = await Promise.all([
        ask<ConsensusView>('qs_consensus'),
        ask<ValidatorsView>('qs_validators'),
        ask<readonly LinkedPeer[]>('qs_peers'),
      ])
      return { consensus, validators, peers }
    },
    refetchInterval: lookMs,
  })
}

/** What is known of each validator of the set, put together. */
export function validatorRows({ consensus, validators, peers }: Agreement): ValidatorRow[] {
  const { proposer, self, validators: votes = [] } = consensus.voting ?? {}
  const voteOf = new Map(votes.map((vote) => [vote.address, vote]))
  const linked = new Set(peers.map(({ validator }) => validator))
  const total = BigInt(validators.totalWeight) || 1n
  return validators.validators.map(({ address, scheme, weight, missed, signed, absentUntil }) => ({
    ...{ address, scheme, missed, signed, weight: BigInt(weight).toLocaleString('en') },
    share: Number((BigInt(weight) * 1_000n) / total) / 10,
    ...{ isProposer: address === proposer, isSelf: address === self },
    isLinked: linked.has(address),
    hasPrevoted: voteOf.get(address)?.hasPrevoted ?? false,
    hasPrecommitted: voteOf.get(address)?.hasPrecommitted ?? false,
    absentUntil: absentUntil === null ? null : BigInt(absentUntil).toString(),
  }))
}

/** Bytes in words. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(0)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

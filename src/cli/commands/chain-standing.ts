/** The part of the command `chain` that says how a chain of a running node stands: height, finality, votes, peers. */

import { table } from '../api-client.ts'
import type { Call } from '../command.ts'
import { rpcOf } from '../rpc-client.ts'

type Hex = `0x${string}`

/** Of the answer of `qs_stats`. */
interface Stats {
  readonly name: string
  readonly chainId: Hex
  readonly engine: string
  readonly head: { readonly number: Hex; readonly hash: Hex; readonly timestamp: Hex }
  readonly finalized: { readonly number: Hex }
  readonly waiting: Hex
}

/** Of the answer of `qs_consensus`. */
interface ConsensusView {
  readonly behind: Hex
  readonly voting: {
    readonly height: Hex
    readonly round: number
    readonly step: string
    readonly proposer: Hex | null
    readonly self: Hex | null
    readonly validators: readonly { readonly address: Hex; readonly hasPrecommitted: boolean }[]
    readonly evidence: readonly { readonly kind: string; readonly validator: Hex | null }[]
  } | null
  readonly mining: { readonly hashesPerSecond: number } | null
}

/** Of the answer of `qs_peers`. */
interface LinkedPeer {
  readonly id: string
  readonly validator: Hex | null
  readonly height: Hex | null
  readonly link: {
    readonly host: string
    readonly port: number
    readonly score: number
    readonly received: { readonly bytes: number }
    readonly sent: { readonly bytes: number }
  } | null
}

/** Runs it; `undefined` if the words name something else. */
export async function runChainStanding(call: Call): Promise<number | undefined> {
  const [what, name, more] = call.words
  const isAsked = name !== undefined || call.own.rpc !== undefined
  if (what !== 'status' || more !== undefined || !isAsked) return undefined
  // Of one that does not run, the process says why.
  if (name !== undefined) {
    const process = await rpcOf(call)
    const { state } = await process<{ readonly state: string }>('qs_chain', name)
    if (state !== 'running') return undefined
  }
  const ask = await rpcOf(call, name)
  const [stats, consensus, peers] = await Promise.all([
    ask<Stats>('qs_stats'),
    ask<ConsensusView>('qs_consensus'),
    ask<readonly LinkedPeer[]>('qs_peers'),
  ])
  if (call.own.json) console.log(JSON.stringify({ ...stats, consensus, peers }, null, 2))
  else show(stats, consensus, peers)
  return 0
}

function show(stats: Stats, consensus: ConsensusView, peers: readonly LinkedPeer[]): void {
  const [head, final] = [Number(stats.head.number), Number(stats.finalized.number)]
  const time = new Date(Number(stats.head.timestamp) * 1_000).toISOString()
  const { voting, mining, behind } = consensus
  const lines = [
    ['chain', `${stats.name}, id ${Number(stats.chainId)}, ${stats.engine}`],
    ['head', `${head}, ${stats.head.hash}, ${time}`],
    ['final', `${final}${head > final ? `, ${head - final} behind the head` : ''}`],
    ['sync', Number(behind) === 0 ? 'no peer says it has more' : `${Number(behind)} blocks behind`],
    ...(voting ? votingLines(voting) : []),
    ...(mining ? [['mining', `${mining.hashesPerSecond} digests a second`]] : []),
    ['waiting', `${Number(stats.waiting)} transactions`],
    ['peers', String(peers.length)],
  ]
  console.log(lines.map(([name = '', text]) => `${name.padEnd(9)}${text}`).join('\n'))
  if (peers.length === 0) return
  const rows = peers.map(({ id, validator, height, link }) => [
    ...[id.slice(0, 16), validator ?? '-', height === null ? '-' : String(Number(height))],
    ...(link
      ? [`${link.host}:${link.port}`, String(link.score), size(link.received), size(link.sent)]
      : []),
  ])
  console.log(table(['peer', 'validator', 'height', 'address', 'score', 'in', 'out'], rows))
}

function votingLines(voting: NonNullable<ConsensusView['voting']>): string[][] {
  const { height, round, step, proposer, self, validators, evidence } = voting
  const voted = validators.filter(({ hasPrecommitted }) => hasPrecommitted).length
  return [
    [
      'votes',
      `height ${Number(height)}, round ${round}, ${step}; ${voted} of ${validators.length} have precommitted`,
    ],
    ['proposer', `${proposer}${proposer === self ? ', this node' : ''}`],
    ['signs as', self ?? 'nobody: this node follows'],
    ...evidence.map(({ kind, validator }) => ['fault', `${kind} by ${validator}`]),
  ]
}

function size({ bytes }: { readonly bytes: number }): string {
  return bytes < 10_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${Math.round(bytes / 1e6)} MB`
}

/** Measures a chain: its blocks, the rounds that they took, and how far behind its peers it is. */

import type { Counter, Gauge, Histogram } from '../base/metrics.ts'
import type { Chain } from './chain.ts'
import type { ChainDependencies } from './chain-parts.ts'
import type { Effect } from './consensus/consensus.ts'
import type { Evidence } from './consensus/messages.ts'
import type { RoundView } from './consensus/round-view.ts'
import type { ExecutedBlock } from './ledger/block.ts'

/** The chain that is measured. */
type MeasuredChain = Pick<Chain, 'manifest' | 'head' | 'finalized' | 'network'>
/** What it is measured with. */
type Instruments = Pick<ChainDependencies, 'metrics' | 'clock'>

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const counts = [0, 1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000]
const shares = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
const rounds = [1, 2, 3, 4, 6, 8, 12, 20, 50]

/** The measures of one chain; `docs/metrics.md` lists them. */
export class ChainMeasures {
  readonly #chain: MeasuredChain
  readonly #instruments: Instruments
  readonly #blocks: Counter
  readonly #transactions: Histogram
  readonly #gasShare: Histogram
  readonly #commit: Histogram
  readonly #steps: Histogram
  readonly #rounds: Histogram
  readonly #round: Gauge
  readonly #missingVotes: Counter
  readonly #missedTurns: Counter
  readonly #evidence: Counter
  readonly #ends: readonly (() => void)[]
  #last: RoundView | undefined
  /** When the present step began, and the first round of the height. */
  #stepMs = 0
  #heightMs: number | undefined

  constructor(chain: MeasuredChain, instruments: Instruments) {
    this.#chain = chain
    this.#instruments = instruments
    const { metrics } = instruments
    const [ofChain, ofVotes] = ['quantumstream_chain', 'quantumstream_consensus']
    const labels = ['chain']
    const histogram = (
      name: string,
      help: string,
      buckets: readonly number[],
      more: string[] = [],
    ) => metrics.histogram(name, help, buckets, [...labels, ...more])
    const counter = (name: string, help: string, more: string[] = []) =>
      metrics.counter(name, help, [...labels, ...more])
    this.#blocks = counter(`${ofChain}_blocks_total`, 'Blocks added to the chain')
    this.#transactions = histogram(
      `${ofChain}_block_transactions`,
      'Transactions of a block',
      counts,
    )
    this.#gasShare = histogram(
      `${ofChain}_block_gas_share`,
      'Used part of a block gas limit',
      shares,
    )
    this.#commit = histogram(
      `${ofVotes}_commit_seconds`,
      'From the beginning of the first round of a height to its block on disk',
      seconds,
    )
    this.#steps = histogram(`${ofVotes}_step_seconds`, 'Time in a step of a round', seconds, [
      'step',
    ])
    this.#rounds = histogram(`${ofVotes}_rounds`, 'Rounds that a height took', rounds)
    this.#round = metrics.gauge(`${ofVotes}_round`, 'Round of the present height', labels)
    this.#missingVotes = counter(
      `${ofVotes}_missing_votes_total`,
      'Votes of the set that were not there when a height was over',
      ['type'],
    )
    this.#missedTurns = counter(`${ofVotes}_missed_turns_total`, 'Rounds without a proposal')
    this.#evidence = counter(`${ofVotes}_evidence_total`, 'Faults of validators that were seen', [
      'kind',
    ])
    this.#ends = this.#observe(ofChain)
  }

  /** The engine took a step. */
  stepped(view: RoundView | undefined, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'report') this.#reported(effect.evidence)
    }
    const last = this.#last
    if (view === undefined) return
    const isSameRound = last?.height === view.height && last.round === view.round
    this.#last = view
    if (isSameRound && last.step === view.step) return
    const nowMs = this.#nowMs()
    const labels = this.#labels
    if (last && last.step !== 'new') {
      this.#steps.observe((nowMs - this.#stepMs) / 1_000, { ...labels, step: last.step })
    }
    this.#stepMs = nowMs
    if (last && !isSameRound) this.#roundOver(last, view)
    if (view.round >= 0 && (last?.height !== view.height || last.round < 0)) this.#heightMs = nowMs
    this.#round.set(Math.max(view.round, 0), labels)
  }

  /** A block is on disk and in the chain. */
  added({ block, receipts }: ExecutedBlock): void {
    const labels = this.#labels
    const { gasUsed, gasLimit } = block.header
    this.#blocks.add(1, labels)
    this.#transactions.observe(receipts.length, labels)
    this.#gasShare.observe(Number(gasUsed) / Number(gasLimit), labels)
    if (this.#heightMs === undefined || this.#last?.height !== block.header.number) return
    this.#commit.observe((this.#nowMs() - this.#heightMs) / 1_000, labels)
  }

  /** The chain is measured no more. */
  end(): void {
    for (const end of this.#ends) end()
  }

  #nowMs(): number {
    return this.#instruments.clock.nowMs()
  }

  get #labels() {
    return { chain: this.#chain.manifest.name }
  }

  #reported({ kind }: Evidence): void {
    this.#evidence.add(1, { ...this.#labels, kind })
  }

  #roundOver(last: RoundView, view: RoundView): void {
    const labels = this.#labels
    if (last.round < 0) return
    if (last.height === view.height) {
      if (!last.hasProposal) this.#missedTurns.add(1, labels)
      return
    }
    if (last.step !== 'decided') return
    this.#rounds.observe(last.round + 1, labels)
    for (const type of ['prevote', 'precommit'] as const) {
      const votes = type === 'prevote' ? last.prevotes : last.precommits
      const missing = last.validators.list.filter((_, at) => votes[at] === undefined).length
      if (missing > 0) this.#missingVotes.add(missing, { ...labels, type })
    }
  }

  #observe(prefix: string): readonly (() => void)[] {
    const one = (name: string, help: string, read: () => number) =>
      this.#instruments.metrics.observed(`${prefix}_${name}`, help, ['chain'], () => [
        { value: read(), labels: this.#labels },
      ])
    const height = () => Number(this.#chain.head().header.number)
    const peers = () => this.#chain.network()?.peers() ?? []
    return [
      one('head', 'Number of the last block', height),
      one('finalized', 'Number of the last final block', () =>
        Number(this.#chain.finalized().header.number),
      ),
      one('peers', 'Linked peers of the chain', () => peers().length),
      one('behind_blocks', 'Blocks that the furthest peer says it has more', () => {
        const furthest = Math.max(...peers().map((peer) => Number(peer.height ?? 0n)), 0)
        return Math.max(0, furthest - height())
      }),
    ]
  }
}

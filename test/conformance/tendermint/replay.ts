/** Replays a folder of Tendermint traces: single rules, the counting of votes, whole nodes. */

import { type CoreLine, replayCore } from './core-replay.ts'
import { type DriverHeader, type DriverLine, replayDriver } from './driver-replay.ts'
import { type Replayed, readTraces } from './trace-terms.ts'
import { replayVotes, type VoteHeader, type VoteLine } from './vote-replay.ts'

/** How the replay of one kind of traces went. */
export interface KindScore {
  readonly kind: string
  /** Traces that were compared to their end, and up to a mark from which a node may lawfully differ. */
  readonly whole: number
  readonly upToMark: number
  /** Traces that say themselves that they can't be told apart, and differ. */
  readonly ambiguous: number
  readonly compared: number
  readonly leftOut: number
  /** One text for each trace that differs: its first difference. */
  readonly failures: readonly string[]
}

/** One replayed trace. */
interface Outcome extends Replayed {
  readonly isMarked: boolean
  readonly isAmbiguous: boolean
}

/** Replays all three kinds; the folder has one folder for each. */
export async function replayFolder(folder: string): Promise<readonly KindScore[]> {
  const core = await readTraces<unknown, CoreLine>(folder, 'core')
  const votes = await readTraces<VoteHeader, VoteLine>(folder, 'votes')
  const driver = await readTraces<DriverHeader, DriverLine>(folder, 'driver')
  const plain = (replayed: Replayed): Outcome => {
    return { ...replayed, isMarked: false, isAmbiguous: false }
  }
  return [
    scoreOf(
      'core',
      core.map((trace) => plain(replayCore(trace))),
    ),
    scoreOf(
      'votes',
      votes.map((trace) => plain(replayVotes(trace))),
    ),
    scoreOf(
      'driver',
      driver.map((trace) => ({
        ...replayDriver(trace),
        isMarked: trace.header.blackBox.length > 0,
        isAmbiguous: trace.header.ambiguousValidRound,
      })),
    ),
  ]
}

function scoreOf(kind: string, outcomes: readonly Outcome[]): KindScore {
  const passed = outcomes.filter(({ faults }) => faults.length === 0)
  const differing = outcomes.filter(({ faults }) => faults.length > 0)
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((all, one) => all + of(one), 0)
  return {
    kind,
    whole: passed.filter(({ isMarked }) => !isMarked).length,
    upToMark: passed.filter(({ isMarked }) => isMarked).length,
    ambiguous: differing.filter(({ isAmbiguous }) => isAmbiguous).length,
    compared: sum(({ compared }) => compared),
    leftOut: sum(({ leftOut }) => leftOut),
    failures: differing.flatMap(({ isAmbiguous, faults }) =>
      isAmbiguous ? [] : faults.slice(0, 1),
    ),
  }
}

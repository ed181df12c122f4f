/** Makes a call of a function and writes down how it went. */

import { AppError } from '../../base/app-error.ts'
import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Invocation, LogLine } from '../functions.ts'
import type { CallMeasures } from './call-measures.ts'
import { type FunctionRuns, runBounds } from './function-runs.ts'

/** Which call, and who hears of it. */
interface Recording {
  readonly name: string
  readonly provider: string
  readonly clock: Clock
  readonly runs: FunctionRuns
  readonly measures: CallMeasures
}

/** Longest text of an error that is kept, in characters. */
const longestError = 1_000

/** Makes the call; a name that is no function leaves no run, since names come from anybody. */
export async function recorded(
  { name, provider, clock, runs, measures }: Recording,
  invocation: Invocation,
  call: (invocation: Invocation) => Promise<Json>,
): Promise<Json> {
  const atMs = clock.nowMs()
  const log: LogLine[] = []
  let room = runBounds.logBytes
  const hear = (line: LogLine) => {
    invocation.log?.(line)
    if (log.length >= runBounds.logLines || room <= 0) return
    const text = line.text.slice(0, room)
    room -= text.length
    log.push({ ...line, text })
  }
  const ended = (outcome: string, error?: string) => {
    const { idempotencyKey } = invocation
    const ms = Math.max(0, clock.nowMs() - atMs)
    const run = { name, provider, idempotencyKey, atMs, ms, outcome, error, log }
    measures.ended(run)
    if (outcome !== 'no-function') runs.add(run)
  }
  try {
    const output = await call({ ...invocation, log: hear })
    ended('ok')
    return output
  } catch (error) {
    const { code, message } =
      error instanceof AppError ? error : { code: 'function-error', message: String(error) }
    ended(code.replace(/^workflow\//, ''), message.slice(0, longestError))
    throw error
  }
}

/** Runs in a worker thread: runs the calls that it is told of, one after the other, on states of the main thread. */

import { parentPort, workerData } from 'node:worker_threads'
import { AppError } from '../../base/app-error.ts'
import { Recent } from '../../base/recent.ts'
import { createCaller } from '../../chain/evm/create-caller.ts'
import { chainRules } from '../../chain/ledger/fork-schedule.ts'
import type { CallAnswer, CallOrder, CallThreadData } from './call-crew.ts'
import { DistantState, LineReader } from './state-line.ts'

const { chain, seed, line: end, cancelled } = workerData as CallThreadData
const line = new LineReader(end)
const call = createCaller(chainRules(chain), { seed })
const latest = new Int32Array(cancelled)
const codes = new Recent<string, Uint8Array>(256)
/** The last states by number, so that what a kernel holds of one serves the next call. */
const states = new Recent<number, DistantState>(8)

parentPort?.on('message', async (order: CallOrder) => {
  parentPort?.postMessage(await answerTo(order))
})

async function answerTo({ id, state, block, message }: CallOrder): Promise<CallAnswer> {
  const whole = { ...block, blockHash: (number: bigint) => line.ask('blockHash', number) }
  const isLate = () => Atomics.load(latest, 0) === id
  try {
    return await call(stateOf(state), whole, { ...message, isLate })
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'rpc/call-broken'
    return { code, message: error instanceof Error ? error.message : String(error) }
  }
}

function stateOf(number: number): DistantState {
  const known = states.get(number)
  if (known) return known
  const state = new DistantState(line, codes)
  states.set(number, state)
  return state
}

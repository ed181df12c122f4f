/** Seals the blocks of a development chain: on an interval, for each transaction, or on demand, without votes. */

import { concatBytes, equalBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Header } from '../ledger/block.ts'
import { emptyOmmersHash } from '../ledger/block-codec.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type {
  BlockShape,
  ConsensusEngine,
  Effect,
  HeaderDraft,
  HeadSummary,
  Input,
  RequestId,
  StartOptions,
  Step,
} from './consensus.ts'
import { checkCommonRules, invalid, parentOf } from './header-rules.ts'

/** What the engine remembers. */
export interface DevState {
  readonly head: HeadSummary
  readonly header: Header
  readonly beneficiary: Address
  /** 0: no blocks by interval. */
  readonly blockTimeMs: number
  /** A block for each transaction, besides those by interval. */
  readonly automine: boolean
  /** What was chosen for the next block. */
  readonly shape: BlockShape
  /** What of it the block that is being built has. */
  readonly drafted: BlockShape | undefined
  /** Seconds that the chain is ahead of the machine. */
  readonly offset: bigint
  /** When the next block is due by interval. */
  readonly dueMs: number
  /** The block that is being built. */
  readonly building: RequestId | undefined
  readonly nextRequest: RequestId
  /** A block was asked for while another was being built. */
  readonly wanted: boolean
}

/** Blocks behind the head that this engine calls final. */
const finalDepth = 2n
/** Longest time that a block may take to be built. */
const buildMs = 2_000
const noNonce = new Uint8Array(8)
const noRoot = new Uint8Array(32)
const nobody = new Uint8Array(20)

/**
 * The engine.
 *
 * @param options - `blockTimeMs` between blocks; 0 seals one for each transaction
 */
export function devEngine(
  { blockTimeMs }: { readonly blockTimeMs: number },
  rules: ChainRules,
): ConsensusEngine<DevState> {
  return {
    name: 'dev',
    start: (options) => start(options, blockTimeMs),
    checkHeader(chain, block) {
      const parent = parentOf(chain, block)
      if ('kind' in parent) return parent
      const { header } = block
      if (block.record !== undefined) return invalid('decode', 'blocks here have no record')
      // Gas limit, base fee and mix may be chosen by hand.
      const common = checkCommonRules(parent.header, header, rules.rulesAt(header))
      if (common.kind !== 'valid') return common
      const constants =
        header.requestsHash !== undefined &&
        equalBytes(header.ommersHash, emptyOmmersHash) &&
        header.difficulty === 0n &&
        equalBytes(header.nonce, noNonce) &&
        equalBytes(header.parentBeaconBlockRoot ?? noRoot, noRoot)
      if (constants) return { kind: 'valid' }
      return invalid('constants', 'ommers, difficulty, nonce, beacon root or missing fields')
    },
    // The header says that there are none.
    checkOmmers: () => ({ kind: 'valid' }),
    compare: (a, b) => Number(a.number - b.number),
    step,
    draft,
    isAutomine: ({ automine }) => automine,
  }
}

/** keccak-256 of the parent's value with the number: what PREVRANDAO reads. */
export function nextMixHash(parent: Hash, number: bigint): Hash {
  return keccak256(concatBytes(parent, padStart(fromBigInt(number), 8)))
}

function start(options: StartOptions, blockTimeMs: number): Step<DevState> {
  const { head, header, beneficiary = nobody, nowMs } = options
  const state: DevState = {
    ...{ head, header, beneficiary, blockTimeMs, offset: 0n },
    ...{ automine: blockTimeMs === 0, shape: {}, drafted: undefined },
    dueMs: nowMs + blockTimeMs,
    ...{ building: undefined, nextRequest: 1, wanted: false },
  }
  return { state, effects: [{ kind: 'set-final', number: finalOf(head.number) }, ...alarm(state)] }
}

function step(state: DevState, input: Input): Step<DevState> {
  switch (input.kind) {
    case 'tick':
      return tick(state, input.nowMs)
    case 'work-waiting':
      return state.automine && input.count > 0 ? build(state, input.nowMs) : rest(state)
    case 'seal-now':
      return build(state, input.nowMs)
    case 'block-built': {
      if (input.request !== state.building) return rest(state)
      const set: Effect = {
        kind: 'set-head',
        hash: input.block.hash,
        finalNumber: finalOf(state.head.number + 1n),
      }
      return { state, effects: [set] }
    }
    case 'build-failed':
      if (input.request !== state.building) return rest(state)
      // Not at once again: what failed may fail for long.
      return again(
        { ...state, building: undefined, dueMs: input.nowMs + state.blockTimeMs },
        input.nowMs,
      )
    case 'block-imported':
      return imported(state, input)
    case 'search-result':
    case 'message':
    case 'block-checked':
    case 'block-synced':
    case 'point-checked':
    case 'point-kept':
    case 'signer':
      return rest(state)
    case 'set-block-time': {
      const { blockTimeMs, nowMs } = input
      const paced = { ...state, blockTimeMs, dueMs: nowMs + blockTimeMs }
      return { state: paced, effects: alarm(paced) }
    }
    case 'shift-time': {
      // Blocks in quick succession go ahead of the machine's clock: the chain's own is what moves on.
      const ahead = state.header.timestamp - seconds(input.nowMs)
      const offset = ahead > state.offset ? ahead : state.offset
      return rest({ ...state, offset: offset + input.seconds })
    }
    case 'set-time':
      return rest({ ...state, offset: input.timestamp - seconds(input.nowMs), shape: {} })
    case 'set-automine':
      return rest({ ...state, automine: input.on })
    case 'shape-next': {
      const { beneficiary = state.beneficiary, ...shape } = input.shape
      return rest({ ...state, beneficiary, shape: { ...state.shape, ...shape } })
    }
  }
}

function tick(state: DevState, nowMs: number): Step<DevState> {
  const { blockTimeMs, building } = state
  if (blockTimeMs > 0 && nowMs >= state.dueMs) return build(state, nowMs)
  // The machine's clock may have been set back.
  const timed = { ...state, dueMs: Math.min(state.dueMs, nowMs + blockTimeMs) }
  return { state: timed, effects: building === undefined ? alarm(timed) : [] }
}

function imported(
  state: DevState,
  { head, header, nowMs }: Extract<Input, { kind: 'block-imported' }>,
): Step<DevState> {
  if (equalBytes(head.hash, state.head.hash)) return rest(state)
  // The next block is due one interval after this one was, so that a slow block does not shift all later ones; a
  // block out of turn shifts none.
  const due = nowMs < state.dueMs ? state.dueMs : state.dueMs + state.blockTimeMs
  const dueMs = due > nowMs ? due : nowMs
  // A time that was chosen is the chain's time from then on.
  const chosen = state.drafted?.timestamp === header.timestamp
  const offset = chosen ? header.timestamp - seconds(nowMs) : state.offset
  const shape = state.shape === state.drafted ? {} : state.shape
  const followed = { ...state, head, header, dueMs, offset, shape }
  return again({ ...followed, building: undefined, drafted: undefined }, nowMs)
}

/** After a block: the one that was asked for meanwhile, or the alarm. */
function again(state: DevState, nowMs: number): Step<DevState> {
  if (state.wanted) return build({ ...state, wanted: false }, nowMs)
  return { state, effects: alarm(state) }
}

function build(state: DevState, nowMs: number): Step<DevState> {
  if (state.building !== undefined) return rest({ ...state, wanted: true })
  const { head, nextRequest: request } = state
  const effect: Effect = {
    ...{ kind: 'build-block', request, on: head.hash, deadlineMs: nowMs + buildMs },
    draft: draft(state, nowMs),
  }
  const building = { building: request, drafted: state.shape, nextRequest: request + 1 }
  return { state: { ...state, ...building }, effects: [effect] }
}

function draft({ head, header, beneficiary, offset, shape }: DevState, nowMs: number): HeaderDraft {
  const earliest = header.timestamp + 1n
  const wanted = shape.timestamp ?? seconds(nowMs) + offset
  return {
    ...{ beneficiary, mixHash: nextMixHash(header.mixHash, head.number + 1n) },
    ...{ extraData: header.extraData, difficulty: 0n, nonce: noNonce },
    ...{ parentBeaconBlockRoot: noRoot, ...shape },
    timestamp: wanted > earliest ? wanted : earliest,
  }
}

function seconds(ms: number): bigint {
  return BigInt(Math.floor(ms / 1_000))
}

function alarm(state: DevState): readonly Effect[] {
  return state.blockTimeMs > 0 ? [{ kind: 'wake-at', atMs: state.dueMs }] : []
}

function finalOf(number: bigint): bigint {
  return number > finalDepth ? number - finalDepth : 0n
}

function rest(state: DevState): Step<DevState> {
  return { state, effects: [] }
}

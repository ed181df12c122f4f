/** Builds the front door of execution for one rule set. */

import type { Header, Receipt, Withdrawal } from '../ledger/block.ts'
import type { ChainRules, Hardfork, Rules } from '../ledger/fork-rules.ts'
import { floorGas, intrinsicGas } from '../ledger/intrinsic-gas.ts'
import type { AccessListEntry, Address, Transaction } from '../ledger/transaction.ts'
import type { State, StateOverlay, StateReader } from '../state/state.ts'
import { createOverlay } from '../state/state-overlay.ts'
import {
  type BlockSite,
  closeBlockState,
  openBlockState,
  systemAddress,
  systemCallGas,
} from './block-rules.ts'
import {
  createMachine,
  createMachinePool,
  type Execution,
  type Machine,
  TooLong,
} from './ethereumjs/machine.ts'
import type {
  BlockContext,
  BlockRun,
  CallMessage,
  CallResult,
  Evm,
  ImaginedBlock,
  Pause,
  TransactionResult,
} from './evm.ts'
import { requestsHash } from './requests.ts'
import { applyDifference, delegatesOf, emptyAccount, runTransaction } from './transaction-run.ts'

/** Machines that may run calls at once, and transactions of blocks; each holds a megabyte or so. */
const [callMachines, blockMachines] = [8, 2]

/** Execution by the rules of a chain; without `pause` it holds the process while code runs. */
export async function createEvm(chain: ChainRules, pause: Pause = () => undefined): Promise<Evm> {
  const { chainId } = chain
  const machinesOf = (most: number) => {
    const machines = new Map<Hardfork, Machine>()
    return ({ hardfork }: Rules) => {
      const known = machines.get(hardfork)
      if (known) return known
      const made = createMachinePool(() => createMachine({ hardfork, chainId }, pause), most)
      machines.set(hardfork, made)
      return made
    }
  }
  const machines = machinesOf(callMachines)
  // Calls, however many and long, do not keep blocks waiting.
  const ofBlocks = machinesOf(blockMachines)
  const call: Evm['call'] = async (overlay, block, message) =>
    (await runMessage(machines, { overlay, block, message, chain })).result
  return {
    openBlock: async (parent, block, { bare = false, imagined } = {}) =>
      openBlock(imagined ? machines : ofBlocks, chain, { parent, block, bare, imagined }),
    call,
    estimateGas: (state, block, message) =>
      estimateGas((limited) => call(createOverlay(state), block, limited), message),
    createAccessList: (state, block, message) =>
      createAccessList(machines, { state, block, message, chain }),
  }
}

type Machines = (rules: Rules) => Machine

const tooLong: TransactionResult = {
  ...{ kind: 'invalid', rule: 'too-long', detail: 'the code ran for too long' },
}

interface OpenedBlock {
  readonly parent: State
  readonly block: BlockContext
  readonly bare: boolean
  readonly imagined: ImaginedBlock | undefined
}

async function openBlock(
  machines: Machines,
  chain: ChainRules,
  { parent, block, bare, imagined }: OpenedBlock,
): Promise<BlockRun> {
  const overlay = createOverlay(parent)
  const rules = chain.rulesAt(block)
  const machine = machines(rules)
  const site: BlockSite = {
    ...{ overlay, block, rules, depositContract: chain.depositContract },
    systemCall: (to, data) => systemCall(machine, { overlay, block, to, data }),
  }
  if (!bare) await openBlockState(site)
  const receipts: Receipt[] = []
  let gasUsed = 0n
  return {
    get gasUsed() {
      return gasUsed
    },
    nonceOf: (address) => overlay.account(address)?.nonce ?? 0n,
    async add(transaction: Transaction, sender) {
      const result = await runTransaction(transaction, sender, {
        ...{ rules, chainId: chain.chainId, block, machine, state: overlay, imagined },
        gasLeft: block.gasLimit - gasUsed,
        gasUsedBefore: gasUsed,
      }).catch((error: unknown) => {
        if (error instanceof TooLong) return tooLong
        throw error
      })
      if (result.kind === 'executed') {
        gasUsed = result.receipt.cumulativeGasUsed
        receipts.push(result.receipt)
      }
      return result
    },
    async finish(withdrawals: readonly Withdrawal[], ommers: readonly Header[] = []) {
      const closed = bare ? [] : await closeBlockState(site, { withdrawals, ommers, receipts })
      if ('kind' in closed) return closed
      return {
        ...{ kind: 'executed', receipts: [...receipts], gasUsed },
        ...{ difference: overlay.difference(), requests: closed },
        requestsHash: requestsHash(closed),
      }
    },
  }
}

/** Runs a contract for the protocol: without fee, nonce and intrinsic gas. */
async function systemCall(
  machine: Machine,
  call: { overlay: StateOverlay; block: BlockContext; to: Address; data: Uint8Array },
) {
  const { overlay, block, to, data } = call
  const layer = createOverlay(overlay)
  const message = { from: systemAddress, to, value: 0n, data, gas: systemCallGas, gasPrice: 0n }
  const place = { overlay: layer, before: overlay, block }
  const execution = await machine.execute({ ...message, warm: [] }, place)
  if (execution.halt === undefined) applyDifference(overlay, layer.difference())
  return execution
}

interface MessageRun {
  readonly overlay: StateOverlay
  readonly block: BlockContext
  readonly message: CallMessage
  readonly chain: ChainRules
  readonly reportTouched?: boolean
}

/** Runs a message as a transaction would run, without signature, nonce and balance for gas. */
async function runMessage(
  machines: Machines,
  run: MessageRun,
): Promise<{ result: CallResult; touched: readonly AccessListEntry[] }> {
  const { overlay, block, message, chain } = run
  const rules = chain.rulesAt(block)
  const machine = machines(rules)
  const { from, to, value, data, gasLimit, gasPrice, accessList } = message
  const intrinsic = intrinsicGas({ to, data, accessList }, rules)
  const floor = floorGas(data, rules)
  const least = intrinsic > floor ? intrinsic : floor
  const nothing = { output: new Uint8Array(), logs: [], gasUsed: gasLimit }
  if (gasLimit < least) return { result: { ...nothing, halt: 'out-of-gas' }, touched: [] }
  const layer = createOverlay(overlay)
  const sender = overlay.account(from) ?? emptyAccount
  if (to === undefined) layer.setAccount(from, { ...sender, nonce: sender.nonce + 1n })
  const { reportTouched = false } = run
  let execution: Execution
  try {
    execution = await machine.execute(
      {
        ...{ from, to, value, data, gasPrice, gas: gasLimit - intrinsic },
        warm: [...accessList, ...delegatesOf(overlay, to)],
      },
      {
        ...{ overlay: layer, before: overlay, reportTouched, isLate: message.isLate },
        moved: message.moved,
        block: gasPrice === 0n ? { ...block, baseFeePerGas: 0n } : block,
      },
    )
  } catch (error) {
    if (error instanceof TooLong) return { result: { ...nothing, halt: 'too-long' }, touched: [] }
    throw error
  }
  applyDifference(overlay, layer.difference())
  const spent = intrinsic + execution.gasUsed
  const refund = execution.refund < spent / 5n ? execution.refund : spent / 5n
  const gasUsed = spent - refund > floor ? spent - refund : floor
  const { halt, output, logs, touched } = execution
  return { result: { halt, output, logs, gasUsed }, touched }
}

/** Halves the span between what is too little and what is enough, as geth does. */
async function estimateGas(
  call: (message: CallMessage) => Promise<CallResult>,
  message: CallMessage,
): Promise<bigint | CallResult> {
  const highest = await call(message)
  if (highest.halt !== undefined) return highest
  let low = highest.gasUsed - 1n
  let high = message.gasLimit
  const guess = (highest.gasUsed * 64n) / 63n + 2_300n
  let middle = guess < high ? guess : (low + high) / 2n
  while (low + 1n < high) {
    const result = await call({ ...message, gasLimit: middle })
    if (result.halt === 'too-long') return result
    if (result.halt === undefined) high = middle
    else low = middle
    middle = (low + high) / 2n
  }
  return high
}

/** Rounds after which an access list that still changes is taken as it is. */
const maxRounds = 8

/** Runs a message until the list of what it touches stays the same, since the list changes what it costs. */
async function createAccessList(
  machines: Machines,
  { state, block, message, chain }: Omit<MessageRun, 'overlay'> & { state: StateReader },
): ReturnType<Evm['createAccessList']> {
  let accessList = message.accessList
  for (let round = 1; ; round += 1) {
    const overlay = createOverlay(state)
    const trial = { ...message, accessList }
    const run = { overlay, block, message: trial, chain, reportTouched: true }
    const { result, touched } = await runMessage(machines, run)
    const next = worthListing(touched, message)
    if (sameList(next, accessList) || round === maxRounds) return { accessList: next, result }
    accessList = next
  }
}

/** Sender, target and precompiles are warm anyway: they are listed only for their slots. */
function worthListing(
  touched: readonly AccessListEntry[],
  { from, to }: CallMessage,
): readonly AccessListEntry[] {
  const free = new Set([from.toHex(), to?.toHex()])
  const isPrecompile = (address: Uint8Array) => {
    const number = BigInt(`0x${address.toHex()}`)
    return number > 0n && number <= 0x100n
  }
  return touched.filter(
    ({ address, slots }) =>
      slots.length > 0 || !(free.has(address.toHex()) || isPrecompile(address)),
  )
}

function sameList(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): boolean {
  const text = (list: readonly AccessListEntry[]) =>
    list
      .map(({ address, slots }) => `${address.toHex()}:${slots.map(String).sort().join(',')}`)
      .sort()
      .join(';')
  return text(a) === text(b)
}

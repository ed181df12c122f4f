/** Runs messages by @ethereumjs/evm, until the project's own kernel stands here. */

import { createCustomCommon, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM } from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import { fromBigInt, padStart } from '../../../base/bytes.ts'
import { keccak256 } from '../../../crypto/keccak.ts'
import type { Log } from '../../ledger/block.ts'
import type { Hardfork } from '../../ledger/fork-rules.ts'
import type { AccessListEntry, Address as AddressBytes } from '../../ledger/transaction.ts'
import type { StateOverlay, StateReader } from '../../state/state.ts'
import { createOverlay } from '../../state/state-overlay.ts'
import { emptyState } from '../../state/trie-state.ts'
import {
  type BlockContext,
  type Halt,
  type MovedPrecompile,
  type Pause,
  transferTeller,
} from '../evm.ts'
import { OverlayState } from './overlay-state.ts'

/** A message whose gas has been bought and whose nonce has been counted. */
export interface Message {
  readonly from: AddressBytes
  readonly to: AddressBytes | undefined
  readonly value: bigint
  readonly data: Uint8Array
  /** Gas for execution alone. */
  readonly gas: bigint
  readonly gasPrice: bigint
  readonly warm: readonly AccessListEntry[]
}

/** What execution alone gave. */
export interface Execution {
  readonly halt: Halt | undefined
  readonly output: Uint8Array
  readonly gasUsed: bigint
  /** Not capped. */
  readonly refund: bigint
  readonly logs: readonly Log[]
  /** Accounts that were created and destroyed by this message (EIP-6780). */
  readonly destroyed: readonly AddressBytes[]
  /** Everything that was read or written, when asked for. */
  readonly touched: readonly AccessListEntry[]
  /** Transfers and logs, when asked for. */
  readonly told: readonly Log[]
}

/** Where a message runs. */
export interface Place {
  readonly overlay: StateOverlay
  /** The state as the transaction found it. */
  readonly before: StateReader
  readonly block: BlockContext
  readonly reportTouched?: boolean
  readonly isLate?: (() => boolean) | undefined
  readonly moved?: readonly MovedPrecompile[] | undefined
  readonly tellTransfers?: boolean | undefined
}

/** The message ran until `isLate`; what it changed lies in its overlay, and the machine is of no more use. */
export class TooLong extends Error {}

/** Steps of code between two questions whether to pause or to end, some tenths of a millisecond. */
const stepsBetween = 256
/** What a look at an account counts: recursion needs no jump. */
const accountSteps = 16

/** Runs messages one after the other; accounts that are touched and empty are gone afterwards (EIP-161). */
export interface Machine {
  execute(message: Message, place: Place): Promise<Execution>
}

const unknown = new Uint8Array(32)

/** Forks that the library names otherwise. */
const otherNames: Partial<Record<Hardfork, string>> = {
  frontier: 'chainstart',
  'tangerine-whistle': 'tangerineWhistle',
  'spurious-dragon': 'spuriousDragon',
}

/** Builds a machine for one rule set; several may run at the same time. */
export async function createMachine(
  { hardfork, chainId }: { readonly hardfork: Hardfork; readonly chainId: bigint },
  pause: Pause,
): Promise<Machine> {
  const common = createCustomCommon({ chainId: String(chainId), name: 'own' }, Mainnet, {
    hardfork: otherNames[hardfork] ?? hardfork,
  })
  const nowhere = emptyState()
  let isLate: Place['isLate']
  let steps = 0
  const breathe = (counted: number) => {
    steps += counted
    if (steps < stepsBetween) return undefined
    steps = 0
    if (isLate?.()) throw new TooLong('the code ran for too long')
    return pause()
  }
  const state = new OverlayState(createOverlay(nowhere), nowhere, () => breathe(accountSteps))
  // Every loop passes one; otherwise it does nothing, as ever.
  const jumpTarget = { opcode: 0x5b, opcodeName: 'JUMPDEST', baseFee: 1 }
  const customOpcodes = [{ ...jumpTarget, logicFunction: async () => breathe(1) }]
  let blockHash: BlockContext['blockHash'] = () => undefined
  const blockchain = {
    getBlock: async (number: number) => ({ hash: () => blockHash(BigInt(number)) ?? unknown }),
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  }
  // The point evaluation of EIP-4844 needs a library and blobs, which this chain leaves out.
  const pointEvaluation = { address: new Address(padStart(Uint8Array.of(0x0a), 20)) }
  const customPrecompiles = [pointEvaluation]
  const options = { common, stateManager: state, blockchain, customPrecompiles, customOpcodes }
  const evm = (await createEVM(options)) as EVM

  return {
    async execute(message, place) {
      const { overlay, before, block, reportTouched, isLate: late } = place
      state.lookAt(overlay, before)
      isLate = late
      blockHash = block.blockHash
      evm.journal.cleanJournal()
      if (reportTouched) evm.journal.startReportingAccessList()
      const putBack = movePrecompiles(evm, place.moved ?? [])
      const transfers = tellTransfers(evm, place.tellTransfers ?? false)
      warm(evm, message, block)
      const { execResult } = await evm.runCall({
        caller: new Address(message.from),
        origin: new Address(message.from),
        ...(message.to === undefined ? {} : { to: new Address(message.to) }),
        ...{ data: message.data, value: message.value, gasLimit: message.gas },
        ...{ gasPrice: message.gasPrice, skipNonceIncrement: true },
        block: blockOf(block) as never,
      })
      const touched = reportTouched ? touchedOf(evm) : []
      putBack()
      const logs = logsOf(execResult)
      await evm.journal.cleanup()
      evm.transientStorage.clear()
      return {
        halt: haltOf(execResult.exceptionError?.error),
        output: execResult.returnValue,
        gasUsed: execResult.executionGasUsed,
        refund: execResult.gasRefund ?? 0n,
        logs,
        told: execResult.exceptionError ? [] : [...transfers, ...logs],
        destroyed: destroyedBy(execResult),
        touched,
      }
    },
  }
}

/** Addresses and slots that cost little from the start (EIP-2929, 2930, 3651). */
function warm(evm: EVM, message: Message, block: BlockContext): void {
  const { journal } = evm
  for (const precompile of evm.precompiles.keys()) journal.addAlwaysWarmAddress(precompile)
  journal.addAlwaysWarmAddress(message.from.toHex())
  if (message.to) journal.addAlwaysWarmAddress(message.to.toHex())
  journal.addAlwaysWarmAddress(block.beneficiary.toHex())
  for (const { address, slots } of message.warm) {
    // Listed ones are reported too: what is warm from the start never becomes warm.
    journal.addAlwaysWarmAddress(address.toHex(), true)
    for (const slot of slots) {
      journal.addAlwaysWarmSlot(address.toHex(), slot.toString(16).padStart(64, '0'), true)
    }
  }
}

function touchedOf(evm: EVM): AccessListEntry[] {
  return [...(evm.journal.accessList ?? [])].map(([address, slots]) => ({
    address: Uint8Array.fromHex(address),
    slots: [...slots].map((slot) => BigInt(`0x${slot}`)),
  }))
}

type ExecResult = Awaited<ReturnType<EVM['runCall']>>['execResult']

function logsOf({ logs = [] }: ExecResult): Log[] {
  return logs.map(([address, topics, data]) => ({ address, topics, data }))
}

function destroyedBy({ selfdestruct, createdAddresses }: ExecResult): Uint8Array[] {
  return [...(selfdestruct?.keys() ?? [])]
    .filter((address) => createdAddresses?.has(address))
    .map((address) => Uint8Array.fromHex(address.slice(2)))
}

function movePrecompiles(evm: EVM, moved: readonly MovedPrecompile[]): () => void {
  const { precompiles } = evm
  const before = [...precompiles]
  for (const { from, to } of moved) {
    const run = precompiles.get(from.toHex())
    precompiles.delete(from.toHex())
    if (to && run) precompiles.set(to.toHex(), run)
  }
  return () => {
    precompiles.clear()
    for (const [address, run] of before) precompiles.set(address, run)
  }
}

/** ERC-20's Transfer, as which ether that moves is told. */
const transferTopic = keccak256(new TextEncoder().encode('Transfer(address,address,uint256)'))

/** Fills a list while a message runs; frames that fail take theirs back. */
function tellTransfers(evm: EVM, wanted: boolean): Log[] {
  const told: Log[] = []
  evm.events.removeAllListeners()
  if (!wanted) return told
  const marks: number[] = []
  evm.events.on('beforeMessage', ({ caller, to, value, delegatecall }, done) => {
    marks.push(told.length)
    if (value > 0n && !delegatecall && to) {
      const topics = [transferTopic, ...[caller, to].map(({ bytes }) => padStart(bytes, 32))]
      told.push({ address: transferTeller, topics, data: padStart(fromBigInt(value), 32) })
    }
    done?.()
  })
  evm.events.on('afterMessage', ({ execResult }, done) => {
    const mark = marks.pop() ?? 0
    if (execResult.exceptionError) told.length = mark
    done?.()
  })
  return told
}

/** What the opcodes read of a block. */
function blockOf(block: BlockContext) {
  const { number, timestamp, gasLimit, baseFeePerGas, difficulty } = block
  return {
    header: {
      ...{ number, timestamp, gasLimit, baseFeePerGas, difficulty, cliqueSigner: undefined },
      coinbase: new Address(block.beneficiary),
      prevRandao: block.mixHash,
      getBlobGasPrice: () => 1n,
    },
  }
}

function haltOf(error: string | undefined): Halt | undefined {
  if (error === undefined) return undefined
  if (error === 'revert') return 'revert'
  if (error === 'out of gas' || error.includes('out of gas')) return 'out-of-gas'
  return error === 'invalid opcode' ? 'invalid-opcode' : 'other'
}

/** Hands out machines: a message that is under way keeps its own, and at most `most` run at once. */
export function createMachinePool(make: () => Promise<Machine>, most: number): Machine {
  const idle: Machine[] = []
  const waiting: ((machine: Machine | undefined) => void)[] = []
  let made = 0
  const take = async (): Promise<Machine> => {
    const machine = idle.pop()
    if (machine) return machine
    if (made < most) {
      made += 1
      return make()
    }
    const handed = await new Promise<Machine | undefined>((resolve) => waiting.push(resolve))
    return handed ?? make()
  }
  /** One that broke off is not used again: whoever waits makes another one in its place. */
  const give = (machine: Machine | undefined) => {
    const next = waiting.shift()
    if (next) next(machine)
    else if (machine) idle.push(machine)
    else made -= 1
  }
  return {
    async execute(message, place) {
      const machine = await take()
      try {
        const execution = await machine.execute(message, place)
        give(machine)
        return execution
      } catch (error) {
        give(undefined)
        throw error
      }
    },
  }
}

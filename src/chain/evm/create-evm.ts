/** Builds the front door of execution for the rules of a chain. */

import type { Receipt } from '../ledger/block.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { Address, Transaction } from '../ledger/transaction.ts'
import type { State } from '../state/state.ts'
import { createOverlay } from '../state/state-overlay.ts'
import { emptyState } from '../state/trie-state.ts'
import { createAccessList } from './access-list.ts'
import { type BlockSite, closeBlockState, openBlockState } from './block-rules.ts'
import { createCaller } from './create-caller.ts'
import type {
  BlockContext,
  BlockRun,
  Evm,
  EvmOptions,
  ImaginedBlock,
  Pause,
  TransactionResult,
} from './evm.ts'
import { estimateGas } from './gas-estimate.ts'
import { Kernel, TooLong } from './kernel/kernel.ts'
import { KernelState } from './kernel/kernel-state.ts'
import { type MessagePlace, systemCall } from './message-run.ts'
import { requestsHash } from './requests.ts'
import { runTransaction, type TransactionPlace } from './transaction-run.ts'
import { TransferTracer } from './transfers.ts'

/** Kernels of blocks that are kept for the next. */
const blockKernels = 2

/** Execution by the rules of a chain. */
export async function createEvm(chain: ChainRules, options: EvmOptions = {}): Promise<Evm> {
  const { pause = () => undefined, seed = 0n } = options
  const make = () => new Kernel(chain, seed)
  const ofBlocks = new BlockKernels(make)
  // The first block finds the kernel compiled.
  ofBlocks.give(make())
  const ofOthers = new BlockKernels(make)
  const call = createCaller(chain, options)
  return {
    openBlock: async (parent, block, { bare = false, imagined, isAside = false } = {}) =>
      openBlock(imagined || isAside ? ofOthers : ofBlocks, chain, {
        parent,
        block,
        bare,
        imagined,
        pause,
      }),
    call,
    estimateGas: (state, block, message) =>
      estimateGas((limited) => call(untouched(state), block, limited), message),
    createAccessList: (state, block, message) =>
      createAccessList((trial, watcher) => call(untouched(state), block, trial, watcher), message),
  }
}

/** What a call may run on without changing it. */
function untouched(state: MessagePlace['state']): MessagePlace['state'] {
  return 'setAccount' in state ? createOverlay(state) : state
}

/** Kernels for blocks; one whose tables are of the parent's state is taken first. */
class BlockKernels {
  readonly #make: () => Kernel
  readonly #idle: Kernel[] = []

  constructor(make: () => Kernel) {
    this.#make = make
  }

  take(parent: State): Kernel {
    const fitting = this.#idle.findIndex((kernel) => kernel.state === parent)
    const [kernel] = this.#idle.splice(fitting === -1 ? 0 : fitting, 1)
    if (kernel === undefined || kernel.state !== parent || kernel.isCrowded()) {
      const own = kernel ?? this.#make()
      own.useState(parent)
      return own
    }
    return kernel
  }

  give(kernel: Kernel): void {
    if (this.#idle.length < blockKernels) this.#idle.push(kernel)
  }
}

const tooLong: TransactionResult = {
  ...{ kind: 'invalid', rule: 'too-long', detail: 'the code ran for too long' },
}

function invalidIfTooLong(error: unknown): TransactionResult {
  if (error instanceof TooLong) return tooLong
  throw error
}

interface BlockPlace {
  readonly parent: State
  readonly block: BlockContext
  readonly bare: boolean
  readonly imagined: ImaginedBlock | undefined
  readonly pause: Pause
}

async function openBlock(
  kernels: BlockKernels,
  chain: ChainRules,
  { parent, block, bare, imagined, pause }: BlockPlace,
): Promise<BlockRun> {
  const kernel = kernels.take(parent)
  const transfers = imagined?.tellTransfers ? new TransferTracer(kernel) : undefined
  const rules = kernel.useBlock(block, { blobFee: imagined?.blobBaseFee })
  kernel.movePrecompiles(imagined?.moved ?? [])
  const state = new KernelState(kernel)
  // One for all transactions: they run one after the other.
  const place: TransactionPlace = {
    ...{ rules, chainId: chain.chainId, block, kernel, state, pause, imagined, transfers },
    ...{ gasLeft: block.gasLimit, gasUsedBefore: 0n, watcher: undefined },
    beneficiary: kernel.account(block.beneficiary),
  }
  const site: BlockSite = {
    ...{ ...chain, overlay: state, block, rules },
    systemCall: (to: Address, data: Uint8Array) => systemCall(kernel, { to, data, pause }),
  }
  if (!bare) await openBlockState(site)
  const receipts: Receipt[] = []
  let [gasUsed, isOver] = [0n, false]
  const drop = () => {
    // A kernel that is given back twice would run two blocks at once.
    if (isOver) return
    isOver = true
    kernel.useState(emptyState())
    kernels.give(kernel)
  }
  return {
    drop,
    get gasUsed() {
      return gasUsed
    },
    nonceOf: (address) => state.account(address)?.nonce ?? 0n,
    storage: (address, slot) => state.storage(address, slot),
    async add(transaction: Transaction, sender, watcher) {
      Object.assign(place, { gasLeft: block.gasLimit - gasUsed, gasUsedBefore: gasUsed, watcher })
      const result = await runTransaction(transaction, sender, place).catch(invalidIfTooLong)
      if (result.kind === 'invalid') return result
      gasUsed = result.receipt.cumulativeGasUsed
      // Before Byzantium receipts hold the root of the state between two transactions.
      const stateRoot = rules.numbers.receiptStatus
        ? undefined
        : parent.apply(state.difference()).root
      receipts.push(stateRoot ? { ...result.receipt, stateRoot } : result.receipt)
      return result
    },
    async finish(withdrawals, ommers = [], calls = []) {
      const end = { withdrawals, ommers, calls, receipts }
      const closed = bare ? [] : await closeBlockState(site, end)
      if ('kind' in closed) {
        drop()
        return closed
      }
      const difference = state.difference()
      const after = parent.apply(difference)
      if (imagined) kernel.useState(after)
      else kernel.followTo(after)
      isOver = true
      kernels.give(kernel)
      return {
        ...{ kind: 'executed', receipts: [...receipts], gasUsed, difference, state: after },
        requests: closed,
        requestsHash: requestsHash(closed),
      }
    },
  }
}

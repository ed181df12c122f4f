/** Runs messages as transactions would run, without signature, nonce and balance for gas. */

import { knownGas } from '../ledger/intrinsic-gas.ts'
import { decodeDifference } from '../state/difference-codec.ts'
import type { StateOverlay, StateReader } from '../state/state.ts'
import { systemAddress, systemCallGas } from './block-rules.ts'
import type { BlockContext, CallMessage, CallResult, Pause } from './evm.ts'
import { type Execution, execute } from './kernel/execution.ts'
import { type Kernel, TooLong } from './kernel/kernel.ts'
import { KernelState } from './kernel/kernel-state.ts'
import { KernelWatch } from './kernel/kernel-watch.ts'
import { gasAfterRefund, warmUp } from './transaction-run.ts'
import type { Watcher } from './watcher.ts'

/** Where a message runs. */
export interface MessagePlace {
  /** An overlay holds the changes afterwards; of another state nothing is changed. */
  readonly state: StateReader | StateOverlay
  readonly block: BlockContext
  readonly pause: Pause
  readonly watcher?: Watcher | undefined
}

/** Runs a message. */
export async function runMessage(
  kernel: Kernel,
  message: CallMessage,
  place: MessagePlace,
): Promise<CallResult> {
  const { state, pause, watcher } = place
  const { from, to, value, data, gasLimit, gasPrice, accessList, isLate } = message
  const block = gasPrice === 0n ? { ...place.block, baseFeePerGas: 0n } : place.block
  const rules = kernel.useBlock(block)
  const { intrinsic, floor } = knownGas({ to, data, accessList }, rules)
  const nothing = { output: new Uint8Array(), gasUsed: gasLimit, gasNeeded: gasLimit }
  if (gasLimit < (intrinsic > floor ? intrinsic : floor)) return { ...nothing, halt: 'out-of-gas' }
  // An overlay may have changed since it was looked at; a state never does.
  const { moved = [] } = message
  if (kernel.state !== state || isOverlay(state)) kernel.useState(state)
  kernel.movePrecompiles(moved)
  const tracer = watcher && new KernelWatch(kernel, watcher)
  kernel.beginTransaction({ origin: from, gasPrice, tracer })
  const seen = watcher && new KernelState(kernel)
  if (seen) watcher.begin?.(seen)
  const sender = kernel.account(from)
  const target = to && kernel.account(to)
  const nonce = state.account(from)?.nonce ?? 0n
  if (to === undefined) kernel.wasm.setNonce(sender, nonce + 1n)
  const beneficiary = kernel.account(block.beneficiary)
  warmUp(kernel, { sender, target, accessList }, { rules, beneficiary })
  const start = { sender, target, nonce, value, data, gas: gasLimit - intrinsic }
  let execution: Execution
  try {
    execution = await execute(kernel, start, { pause, isLate })
  } catch (error) {
    if (!(error instanceof TooLong)) throw error
    kernel.useState(kernel.state)
    return { ...nothing, halt: 'too-long' }
  }
  if (isOverlay(state)) keep(kernel, state)
  if (seen) watcher.end?.(seen)
  if (isOverlay(state)) kernel.useState(state)
  else if (moved.length === 0) kernel.undo()
  else kernel.useState(state)
  const { halt, haltDetail, output, gasLeft, refund } = execution
  const spent = gasLimit - gasLeft
  return {
    ...{ halt, haltDetail },
    output,
    gasUsed: gasAfterRefund({ spent, refund, floor }, rules),
    gasNeeded: spent > floor ? spent : floor,
  }
}

function isOverlay(state: StateReader | StateOverlay): state is StateOverlay {
  return 'setAccount' in state
}

/** Moves what a message changed to the overlay. */
function keep(kernel: Kernel, overlay: StateOverlay): void {
  kernel.wasm.commit()
  const { accounts, codes } = decodeDifference(new KernelState(kernel).difference())
  for (const code of codes) overlay.addCode(code)
  for (const { address, account, storageWiped, slots } of accounts) {
    if (storageWiped) overlay.wipeStorage(address)
    overlay.setAccount(address, account)
    for (const [slot, value] of slots) overlay.setStorage(address, slot, value)
  }
}

/** Runs a contract for the protocol in a kernel whose block is set: without fee, nonce and intrinsic gas. */
export async function systemCall(
  kernel: Kernel,
  call: { readonly to: Uint8Array; readonly data: Uint8Array; readonly pause: Pause },
): Promise<Pick<CallResult, 'halt' | 'output'>> {
  const { to, data, pause } = call
  kernel.beginTransaction({ origin: systemAddress, gasPrice: 0n })
  const target = kernel.account(to)
  kernel.wasm.warm(target)
  const sender = kernel.account(systemAddress)
  const message = { sender, target, nonce: 0n, value: 0n, data, gas: systemCallGas }
  const execution = await execute(kernel, message, { pause })
  kernel.wasm.commit()
  return execution
}

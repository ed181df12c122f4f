/** Runs the flagship workflow once on a chain of its own and says whether the tokens arrived. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type InstanceChange,
  type InstanceDetail,
  isOpen,
  type JournalEntry,
  taskName,
} from '../workflow/workflow.ts'
import { type RunningNode, startNode } from './node.ts'
import type { SettingValues } from './settings.ts'

/** What the demo found. */
export interface DemoResult {
  readonly ok: boolean
  readonly depositTx: string | null
  readonly instanceId: string | null
  /** Steps in the order in which they ran; `ms` from start to result on disk. */
  readonly steps: readonly { readonly name: string; readonly ms: number }[]
  readonly allocationTx: string | null
  /** Token units of the depositor, 18 decimals, in full. */
  readonly balance: string
  /** Why it is not ok. */
  readonly reason?: string
}

/** How the demo tells what it does. */
export interface DemoHooks {
  readonly signal: AbortSignal
  /** Longest wait for the workflow; default 60,000. */
  readonly patienceMs?: number
  tell(line: string): void
  change(change: InstanceChange): void
}

const defaultPatienceMs = 60_000

/**
 * Starts a node in a temporary folder on free ports, deposits, waits for the workflow's end, compares the
 * depositor's tokens with the deposit, and clears everything away.
 */
export async function runDemo(
  settings: Partial<SettingValues>,
  hooks: DemoHooks,
): Promise<DemoResult> {
  const data = await mkdtemp(path.join(tmpdir(), 'quantumstream-demo-'))
  let node: RunningNode | undefined
  try {
    const { signal } = hooks
    node = await startNode(
      { ...settings, dev: true, demo: false, data, rpcPort: 0, apiPort: 0 },
      { signal },
    )
    return node === undefined ? failure('interrupted') : await flagship(node, hooks)
  } catch (error) {
    return failure(error instanceof Error ? error.message : String(error))
  } finally {
    await node?.stop()
    await rm(data, { recursive: true, force: true })
  }
}

async function flagship(node: RunningNode, hooks: DemoHooks): Promise<DemoResult> {
  const unsubscribe = node.engine.subscribe(hooks.change)
  try {
    const before = await node.tokenBalance()
    const { hash: depositTx, account, amountWei } = await node.deposit('demo')
    hooks.tell(`deposit of ${Number(amountWei) / 1e18} ether by ${account}: ${depositTx}`)
    const instance = await finished(node, hooks)
    if (instance === undefined) {
      const reason = hooks.signal.aborted ? 'interrupted' : 'the workflow did not begin in time'
      return { ...failure(reason), depositTx }
    }
    const balance = await node.tokenBalance()
    const arrived = balance - before === amountWei
    const allocation = instance.journal.find(
      ({ step, kind }) => step.endsWith('/allocate') && kind === 'completed',
    )?.output as { readonly hash?: string } | undefined
    const ok = arrived && instance.status === 'completed'
    const ended = !isOpen(instance)
    const late = hooks.signal.aborted ? 'interrupted: ' : 'the workflow did not end in time: '
    const reason = `${ended ? '' : late}the instance is ${instance.status}${instance.reason ? `: ${instance.reason}` : ''}; tokens received: ${balance - before}, expected: ${amountWei}`
    return {
      ok,
      depositTx,
      instanceId: instance.id,
      steps: durations(instance.journal),
      allocationTx: allocation?.hash ?? null,
      balance: String(balance),
      ...(ok ? {} : { reason }),
    }
  } finally {
    unsubscribe()
  }
}

/** The instance once it has ended, or as it is when the time is over. */
async function finished(
  node: RunningNode,
  { signal, patienceMs = defaultPatienceMs }: DemoHooks,
): Promise<InstanceDetail | undefined> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  while (!over.aborted) {
    const [instance] = (await node.engine.list({ limit: 1 })).items
    if (instance && !isOpen(instance)) return node.engine.get(instance.id)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const [instance] = (await node.engine.list({ limit: 1 })).items
  return instance && node.engine.get(instance.id)
}

function durations(journal: readonly JournalEntry[]): DemoResult['steps'] {
  return journal
    .filter(({ kind }) => kind === 'completed')
    .map(({ step, startedAtMs, atMs }) => ({ name: taskName(step), ms: atMs - startedAtMs }))
}

function failure(reason: string): DemoResult {
  const nothing = { depositTx: null, instanceId: null, allocationTx: null }
  return { ok: false, ...nothing, steps: [], balance: '0', reason }
}

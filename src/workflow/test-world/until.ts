/** Waits in tests until an instance is as wanted. */

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { InstanceDetail, WorkflowEngine } from '../workflow.ts'

/** The instance once it is as wanted; fails after two thousand looks a millisecond apart. */
export async function until(
  engine: WorkflowEngine,
  id: string,
  wanted: (one: InstanceDetail) => boolean,
): Promise<InstanceDetail> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    const one = await engine.get(id)
    if (one && wanted(one)) return one
    await pause(1)
  }
  return assert.fail(`never as wanted: ${JSON.stringify(await engine.get(id))}`)
}

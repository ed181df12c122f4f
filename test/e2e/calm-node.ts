/** Starts development nodes that make blocks only when a test asks for them. */

import assert from 'node:assert/strict'
import { mnemonicToAccount } from 'viem/accounts'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import { temporaryFolder } from './program.ts'

/** A page of a list of the API. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

const words = 'test test test test test test test test test test test junk'
const account = (addressIndex: number) => mnemonicToAccount(words, { addressIndex })
export const [alice, bob] = [account(0), account(1)]
/** Only what a test asks for makes blocks. */
const calm = { dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 3_600, pollInterval: 20 }

/** A node that stops after the test. */
export async function startCalm(
  t: Parameters<typeof temporaryFolder>[0],
  settings: Parameters<typeof startNode>[0] = {},
): Promise<RunningNode> {
  const data = await temporaryFolder(t)
  const node = await startNode({ ...calm, data, ...settings })
  assert.ok(node)
  t.after(() => node.stop())
  return node
}

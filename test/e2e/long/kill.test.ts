/** Kills the program at every boundary of every step, starts it again, and counts each effect. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { toEventSelector } from 'viem'
import { callRpc, eventually, getJson, startProgram, temporaryFolder } from '../program.ts'

interface Rows<T> {
  readonly items: readonly T[]
}

interface Chain {
  readonly contracts: { readonly allocationToken: string; readonly depositVault: string }
}

const entry = path.join(import.meta.dirname, 'kill-host.ts')

const allocated = toEventSelector('Allocated(address,uint256,bytes32)')
const refunded = toEventSelector('Refunded(address,uint256,bytes32)')

const approved = ['notify', 'kyc', 'allocate', 'record']
const points = ['started', 'performed', 'journaled']

/** The node's answers once the instance is finished. */
async function outcome(api: string, rpc: string) {
  const instance = await eventually(async () => {
    const { items } = await getJson<Rows<{ id: string; status: string }>>(`${api}/v1/instances`)
    return items.length === 1 && items[0]?.status === 'completed' ? items[0] : undefined
  })
  const { contracts } = (await getJson<Rows<Chain>>(`${api}/v1/chains`)).items[0] as Chain
  const logs = (address: string, topic: string) =>
    callRpc<unknown[]>(rpc, 'eth_getLogs', { fromBlock: '0x0', address, topics: [topic] })
  const detail = await getJson<{ journal: { name: string; kind: string }[] }>(
    `${api}/v1/instances/${instance.id}`,
  )
  return {
    completed: detail.journal.filter(({ kind }) => kind === 'completed').map(({ name }) => name),
    allocations: (await logs(contracts.allocationToken, allocated)).length,
    refunds: (await logs(contracts.depositVault, refunded)).length,
    notifications: (await getJson<Rows<unknown>>(`${api}/v1/notifications`)).items.length,
    records: (await getJson<Rows<unknown>>(`${api}/v1/records`)).items.length,
  }
}

async function killedAt(
  t: { after(run: () => Promise<void>): void },
  { point, step, memo }: { point: string; step: string; memo: string },
) {
  const data = await temporaryFolder(t)
  const environment = { MEMO: memo }
  const first = startProgram([data, point, step], { entry, environment })
  t.after(async () => void first.child.kill('SIGKILL'))
  assert.deepEqual(await first.exited, [null, 'SIGKILL'], first.output())
  assert.match(first.output(), /deposited/)
  const second = startProgram([data], { entry, environment })
  t.after(async () => void second.child.kill('SIGKILL'))
  const [, api = '', rpc = ''] = await second.printed(/up (\S+) (\S+)/)
  const found = await outcome(api, rpc)
  second.child.kill('SIGTERM')
  assert.deepEqual(await second.exited, [0, null], second.output())
  return found
}

describe('a program killed with SIGKILL finishes its workflow, nothing twice', () => {
  for (const step of approved) {
    for (const point of points) {
      test(`when "${step}" is ${point}`, { timeout: 90_000 }, async (t) => {
        assert.deepEqual(await killedAt(t, { point, step, memo: 'kill' }), {
          completed: approved,
          ...{ allocations: 1, refunds: 0, notifications: 1, records: 1 },
        })
      })
    }
  }

  for (const point of points) {
    test(`when "refund" is ${point}`, { timeout: 90_000 }, async (t) => {
      assert.deepEqual(await killedAt(t, { point, step: 'refund', memo: 'refuse' }), {
        completed: ['notify', 'kyc', 'refund', 'record'],
        ...{ allocations: 0, refunds: 1, notifications: 1, records: 1 },
      })
    })
  }
})

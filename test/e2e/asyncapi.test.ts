/** Has a workflow of the full language, in YAML, publish on a broker what it saw on the chain. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import { startNode } from '../../src/node/node.ts'
import { eventually, getJson, temporaryFolder } from './program.ts'

const server = process.env.QS_TEST_NATS ?? 'nats://127.0.0.1:4222'

const document = (channel: string) => `
asyncapi: 3.0.0
info: { title: deposits, version: 1.0.0 }
servers:
  local: { host: ${new URL(server).host}, protocol: nats }
channels:
  deposits: { address: ${channel}, servers: [{ $ref: '#/servers/local' }] }
operations:
  tell: { action: send, channel: { $ref: '#/channels/deposits' } }
`

const definition = `
document: { dsl: 1.0.3, namespace: default, name: tell-deposits, version: 0.1.0 }
schedule:
  on:
    one:
      with:
        type: evm.log
        event: Deposited(address indexed account, uint256 amount, bytes32 memo)
        contract: depositVault
do:
  - judge:
      set:
        amount: \${ $workflow.input[0].data.args.amount }
        isLarge: \${ $workflow.input[0].data.args.amount > 500000000000000000 }
  - tell:
      call: asyncapi
      with:
        document: { endpoint: 'file:///deposits.yaml' }
        operation: tell
        message:
          payload: { amount: '\${ .amount }', large: '\${ .isLarge }' }
`

test('a deposit is told on a broker by a call of asyncapi', { timeout: 180_000 }, async (t) => {
  const data = await temporaryFolder(t)
  const workflows = path.join(data, 'workflows')
  const channel = `quantumstream.test.${process.pid}`
  await mkdir(workflows)
  await writeFile(path.join(workflows, 'tell.workflow.yaml'), definition)
  await writeFile(path.join(workflows, 'deposits.yaml'), document(channel))
  const broker = await connect({ servers: server })
  t.after(() => broker.close())
  const told: unknown[] = []
  const hearing = broker.subscribe(channel)
  void (async () => {
    for await (const message of hearing) told.push(JSON.parse(message.string()))
  })()
  await broker.flush()
  const node = await startNode({
    ...{ dev: true, demo: false, data, workflows, rpcPort: 0, apiPort: 0 },
    ...{ blockTime: 0.1, pollInterval: 20 },
  })
  assert.ok(node)
  t.after(() => node.stop())
  await node.deposit('any')
  await eventually(async () => (told.length > 0 ? true : undefined))
  assert.deepEqual(told, [{ amount: '1000000000000000000', large: true }])
  const instances = `${node.apiUrl}/v1/instances`
  await eventually(async () => {
    const { items } = await getJson<{ items: readonly { status: string }[] }>(instances)
    return items[0]?.status === 'completed' ? true : undefined
  })
})

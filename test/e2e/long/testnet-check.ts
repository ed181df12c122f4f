/** A test network that is started as a user would, and its lines of JSON. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { healthService, servingStatus } from '../../../src/api/grpc/health-schema.ts'
import { eventually, root, startProgram, temporaryFolder } from '../program.ts'

interface Line {
  readonly validators: readonly {
    readonly validator: number
    readonly pid?: number
    readonly height?: number
    readonly finalized?: number
    readonly peers?: number
  }[]
}

const entry = path.join(root, 'tools/testnet.ts')
/** Apart from the ports of a network that the tester runs. */
const ports = ['--ports-from', '1500']

/** What validator `at` says by gRPC of itself and of the chain. */
async function healthOf(at: number) {
  const baseUrl = `http://127.0.0.1:${5_501 + 10 * at}`
  const client = createClient(healthService, createGrpcTransport({ baseUrl }))
  const answers = await Promise.all(
    ['', 'testnet'].map((service) => client.check({ service }, { timeoutMs: 10_000 })),
  )
  return answers.map(({ status }) => status)
}

/** Registers the test of a network by `consensus`: its birth, its health, and a restart. */
export function testTestnet(consensus: string): void {
  test(`the test network by ${consensus} makes blocks, says where each stands, and goes on`, {
    timeout: 240_000,
  }, async (t) => {
    const folder = await temporaryFolder(t)
    const words = ['--consensus', consensus, '--validators', '4', '--data', folder, ...ports]
    let height = 0
    for (const _ of ['a birth', 'a restart']) {
      const program = startProgram([...words, '--json'], { entry })
      t.after(async () => void program.child.kill('SIGTERM'))
      const lines = () => program.output().match(/^\{.*\}$/gm) ?? []
      const { validators } = await eventually(async () => {
        const line = JSON.parse(lines().at(-1) ?? '{"validators":[]}') as Line
        const isThere = ({ height: at = 0, peers }: Line['validators'][number]) =>
          at >= height + 2 && peers === 3
        return line.validators.length === 4 && line.validators.every(isThere) ? line : undefined
      }, 240_000)
      assert.equal(new Set(validators.map(({ pid }) => pid)).size, 4)
      for (const { validator } of validators) {
        // Its port opens after that of JSON-RPC.
        const health = await eventually(() => healthOf(validator).catch(() => undefined), 30_000)
        assert.deepEqual(health, [servingStatus.serving, servingStatus.serving])
      }
      height = Math.max(...validators.map((one) => one.height ?? 0))
      for (const { finalized = -1, height: head = 0 } of validators) {
        assert.ok(finalized >= 0 && finalized <= head)
      }
      program.child.kill('SIGINT')
      assert.deepEqual(await program.exited, [0, null])
    }
    const other = startProgram([...words, '--validators', '3'], { entry })
    assert.deepEqual(await other.exited, [2, null])
    const taken = startProgram([...words, '--ports-from', '2351'], { entry })
    assert.deepEqual(await taken.exited, [2, null])
    assert.match(taken.output(), /--ports-from is over 2350/)
    assert.match(other.output(), /holds the network \{"validators":4/)
  })
}

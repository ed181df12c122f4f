/** Takes the database or the queue's server away from a running node under load, and looks for what was lost. */

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../src/base/test-ports.ts'
import { privatePostgres } from '../../src/store/test-store/private-postgres.ts'
import { privateRedis } from '../../src/stream/test-queue/private-server.ts'
import { books, type Contracts, deposits } from '../e2e/deposit-flow.ts'
import { eventually, getJson, type Program, startProgram, temporaryFolder } from '../e2e/program.ts'

type Test = { after(run: () => Promise<void>): void }

interface Ready {
  readonly ready: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean }[]
}

interface Instances {
  readonly instances: Readonly<Record<string, number>>
}

/** A node as a process, on servers of its own. */
class LoadedNode {
  readonly api: string
  readonly #rpc: string
  readonly #program: Program
  readonly #flow = new AbortController()
  #contracts: Contracts | undefined
  #source: Promise<void> | undefined

  private constructor(program: Program, ports: { readonly rpc: number; readonly api: number }) {
    this.#program = program
    this.#rpc = `http://127.0.0.1:${ports.rpc}`
    this.api = `http://127.0.0.1:${ports.api}`
  }

  static async start(t: Test, environment: Readonly<Record<string, string>>): Promise<LoadedNode> {
    const data = await temporaryFolder(t)
    const [rpc, api] = [await freePort(), await freePort()]
    const ports = ['--rpc-port', `${rpc}`, '--api-port', `${api}`]
    const flags = ['--no-demo', '--block-time', '0.2', '--data', data, ...ports]
    const program = startProgram(['start', '--dev', ...flags], { environment })
    t.after(async () => {
      program.child.kill('SIGKILL')
      await program.exited
    })
    await program.printed(/is up/)
    const node = new LoadedNode(program, { rpc, api })
    node.#program.exited.then(() => node.#flow.abort())
    const { items } = await getJson<{ items: { contracts: Contracts }[] }>(`${node.api}/v1/chains`)
    const contracts = items[0]?.contracts as Contracts
    node.#contracts = contracts
    const { signal } = node.#flow
    node.#source = deposits(node.#rpc, 1, { contracts, signal, everyMs: 300 })
    return node
  }

  /** Waits until something has become of so many deposits more. */
  async settles(count: number): Promise<void> {
    const before = await this.#settled()
    await eventually(async () => ((await this.#settled()) >= before + count ? true : undefined))
  }

  /** Whether a check of readiness is passed, by a node that answers. */
  async isReady(check: string): Promise<boolean | undefined> {
    const answer = await fetch(`${this.api}/readyz`, { signal: AbortSignal.timeout(10_000) })
    const { checks } = (await answer.json()) as Ready
    return checks.find(({ name }) => name === check)?.ok
  }

  /** Waits until readiness says so. */
  async says(check: string, ok: boolean): Promise<void> {
    await eventually(async () => ((await this.isReady(check)) === ok ? true : undefined))
  }

  /** Ends the load, and finds every deposit settled once, by one instance each. */
  async losesNothing(): Promise<void> {
    this.#flow.abort()
    await this.#source
    const contracts = this.#contracts as Contracts
    const book = await eventually(async () => {
      const found = await books(this.#rpc, contracts)
      return found.settled >= found.deposits ? found : undefined
    }, 240_000)
    assert.ok(book.deposits > 9, `only ${book.deposits} deposits`)
    assert.deepEqual(
      [book.settled, book.references, book.out],
      [...[book.deposits, book.deposits, book.in]],
    )
    const failed = await getJson<{ items: object[] }>(`${this.api}/v1/instances?status=failed`)
    assert.deepEqual(failed.items, [])
    const instances = await eventually(async () => {
      const status = await getJson<Instances>(`${this.api}/v1/status`)
      return status.instances.completed === book.deposits ? status.instances : undefined
    })
    const others = Object.entries(instances).filter(([name]) => name !== 'completed')
    assert.ok(
      others.every(([, n]) => n === 0),
      JSON.stringify(instances),
    )
    this.#program.child.kill('SIGTERM')
    assert.deepEqual(await this.#program.exited, [0, null], this.#program.output())
  }

  async #settled(): Promise<number> {
    const { settled } = await books(this.#rpc, this.#contracts as Contracts)
    return settled
  }
}

/** PostgreSQL is lost under load, and comes back after so long. */
export async function databaseAway(t: Test, awayMs: number): Promise<void> {
  const server = await privatePostgres()
  const node = await LoadedNode.start(t, { QS_DATABASE: server.url, QS_QUEUE: 'postgres' })
  t.after(() => server.remove())
  await node.settles(3)
  await server.crash()
  const endMs = Date.now() + awayMs
  await node.says('database', false)
  await pause(Math.max(0, endMs - Date.now()))
  assert.equal(await node.isReady('database'), false)
  await server.start()
  await node.says('database', true)
  await node.settles(3)
  await node.losesNothing()
}

/** Redis answers nobody for so long, then is lost for as long and comes back empty. */
export async function queueAway(t: Test, awayMs: number): Promise<void> {
  const server = await privateRedis(t)
  const address = `redis://127.0.0.1:${server.port}`
  const node = await LoadedNode.start(t, { QS_QUEUE: 'redis', REDIS_ADDRESS: address })
  await node.settles(3)
  server.hold()
  await pause(awayMs)
  server.goOn()
  await node.says('queue', true)
  await node.settles(3)
  await server.lose()
  const endMs = Date.now() + awayMs
  await node.says('queue', false)
  await pause(Math.max(0, endMs - Date.now()))
  await server.start()
  await node.says('queue', true)
  await node.settles(3)
  await node.losesNothing()
}

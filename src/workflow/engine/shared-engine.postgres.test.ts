/** Has engines of different processes work together on one PostgreSQL by notices: what is looked for besides comes minutes later. */

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openPostgres } from '../../store/postgres.ts'
import { temporarySchema } from '../../store/temporary-schema.ts'
import { DurableWorld, written } from '../test-world/durable-world.ts'
import { engineMigrations } from './schema.ts'

const schemas: ReturnType<typeof temporarySchema>[] = []
after(async () => {
  for (const { remove } of schemas) await remove()
})

/** A process that runs nothing, and two workers. */
async function fleet() {
  const place = temporarySchema()
  schemas.push(place)
  const stores = await Promise.all([0, 1, 2].map(() => openPostgres(place)))
  await stores[0]?.migrate(engineMigrations)
  const [desk, one, other] = stores.map(
    (sql, at) => new DurableWorld(sql, { isWorker: at > 0, leaseMs: 600_000, drainMs: 60_000 }),
  ) as [DurableWorld, DurableWorld, DurableWorld]
  // Notices have gaps of milliseconds between them.
  const ticking = setInterval(() => {
    for (const { time } of [desk, one, other]) time.advance(30)
  }, 10)
  const end = async () => {
    clearInterval(ticking)
    await Promise.all([desk, one, other].map(({ engine }) => engine.stop()))
    await Promise.all(stores.map((sql) => sql.close()))
  }
  return { desk, one, other, end }
}

/** Notices are heard once the connection for them is there, which is told by a first look. */
const heard = () => new Promise((resolve) => setTimeout(resolve, 150))

describe('processes on one PostgreSQL', () => {
  test('what a process without a worker begins is run elsewhere at once, and its end is heard', async () => {
    const { desk, one, end } = await fleet()
    const workflow = (world: DurableWorld) =>
      written('noted', async (context) => world.effects.act(context, '/do/0/act'))
    await desk.deploy(workflow(desk))
    await one.deploy(workflow(one))
    await desk.engine.start()
    await one.engine.start()
    await heard()
    const begunMs = performance.now()
    const id = await desk.engine.begin({ name: 'noted' }, null)
    await desk.until(id, ({ status }) => status === 'completed')
    const tookMs = performance.now() - begunMs
    assert.deepEqual([desk.effects.calls.length, one.effects.calls.length], [0, 1])
    assert.ok(tookMs < 5_000, `it took ${tookMs} ms`)
    const heardOf: string[] = []
    desk.engine.subscribe(({ instance, entry }) => {
      if (instance.id === 'awaited') heardOf.push(`${instance.status} ${entry.step}`)
    })
    const answer = desk.engine.run({ name: 'noted' }, null, { id: 'awaited' })
    await desk.until('awaited', ({ status }) => status === 'completed')
    assert.equal(await answer, '/do/0/act done')
    while (heardOf.length === 0) await heard()
    assert.deepEqual(heardOf, ['completed /do/0/act'])
    await end()
  })

  test('a worker with instances that wait takes up all that is due, and not only the first', async () => {
    const { desk, one, end } = await fleet()
    const waiting = written('waiting', async (context) => {
      await context.sleep('/do/0/wait', 3_600_000)
      return null
    })
    const noted = (world: DurableWorld) =>
      written('noted', async (context) => world.effects.act(context, '/do/0/act'))
    for (const world of [desk, one]) {
      await world.deploy(waiting)
      await world.deploy(noted(world))
    }
    await desk.engine.start()
    await one.engine.start()
    await heard()
    const begin = (name: string, count: number) =>
      Promise.all(Array.from({ length: count }, () => desk.engine.begin({ name }, null)))
    const parked = await begin('waiting', 80)
    for (const id of parked) await desk.until(id, ({ status }) => status === 'waiting')
    const begunMs = performance.now()
    for (const id of await begin('noted', 700)) {
      await desk.until(id, ({ status }) => status === 'completed')
    }
    const tookMs = performance.now() - begunMs
    assert.ok(tookMs < 20_000, `it took ${tookMs} ms`)
    await end()
  })

  test('a definition that one process deploys is known to all, and what it is told of once', async () => {
    const { desk, one, other, end } = await fleet()
    const workflow = written('late', async () => 'done', { trigger: { everyMs: 60_000 } })
    for (const world of [desk, one, other]) {
      world.workflows.set(workflow.hash, workflow)
      await world.engine.start()
    }
    await heard()
    let changes = 0
    const told = new Promise<void>((resolve) => {
      one.engine.watchWorkflows(() => {
        changes += 1
        resolve()
      })
    })
    assert.deepEqual(one.engine.workflows(), [])
    await desk.engine.deploy(workflow, { isKept: true })
    await told
    assert.deepEqual(
      one.engine.workflows().map(({ name }) => name),
      ['late'],
    )
    await desk.engine.deploy(workflow, { isKept: true })
    await heard()
    assert.equal(changes, 1)
    await end()
  })

  test('a worker that stops ends the step under way, writes it, and leaves the rest to another at once', async () => {
    const { desk, one, other, end } = await fleet()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const steps = (world: DurableWorld) =>
      written('two', async (context) => {
        await world.effects.act(context, '/do/0/first')
        return world.effects.act(context, '/do/1/second')
      })
    one.effects.answers.set('/do/0/first', async () => {
      await held
      return { kind: 'done', output: 1 }
    })
    for (const world of [desk, one, other]) await world.deploy(steps(world))
    await one.engine.start()
    await desk.engine.start()
    await heard()
    const id = await desk.engine.begin({ name: 'two' }, null)
    await one.until(id, () => one.effects.calls.length === 1)
    await other.engine.start()
    await heard()
    const stopped = one.engine.stop()
    await heard()
    assert.deepEqual(other.effects.calls, [], 'it is still the business of the first')
    release()
    await stopped
    await desk.until(id, ({ status }) => status === 'completed')
    assert.deepEqual(one.effects.steps(), ['/do/0/first'])
    assert.deepEqual(other.effects.steps(), ['/do/1/second'])
    await end()
  })
})

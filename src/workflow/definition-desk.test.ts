/** Tests that definitions are deployed from outside: which are new, which are refused, and how many there may be. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createDefinitionDesk, type DefinitionDesk } from './definition-desk.ts'
import { createWorkflowEngine, workflowMigrations } from './engine.ts'
import { ManualTime } from './test-world/manual-time.ts'

type Deployed = Awaited<ReturnType<DefinitionDesk['deploy']>>

const definition = (name: string, more = '') =>
  `document: {dsl: '1.0.3', namespace: test, name: ${name}, version: '1.0.0'}\ndo: [{a: {set: {b: 1}}}]${more}`

test('a definition is new until the same content is deployed again; what is refused changes nothing', async (t) => {
  const sql = await openSqlite({ path: ':memory:' })
  await sql.migrate(workflowMigrations)
  const time = new ManualTime()
  const engine = () =>
    createWorkflowEngine({
      ...{ sql, clock: time, timer: time, logger: silentLogger, metrics: noMetrics },
      ...{ random: () => 1, functions: {} },
    })
  let current = engine()
  const accepted: string[] = []
  let renewals = 0
  const deskOf = () =>
    createDefinitionDesk({
      ...{ engine: current, language: { functions: {}, readPart: async () => null } },
      async accept({ name }) {
        if (name === 'foreign') throw new Error('nobody listens to it')
        accepted.push(name)
      },
      async deployed() {
        renewals += 1
      },
    })
  await current.start()
  t.after(async () => {
    await current.stop()
    await sql.close()
  })
  const desk = deskOf()
  const deploying = [
    definition('one'),
    jsonOf('one'),
    definition('one', '\ntimeout: {after: PT5S}'),
  ]
  const [first, same, other] = (await Promise.all(deploying.map((one) => desk.deploy(one)))) as [
    Deployed,
    Deployed,
    Deployed,
  ]
  assert.deepEqual([first.isNew, first.replaced], [true, undefined])
  assert.deepEqual([same.isNew, same.workflow.hash], [false, first.workflow.hash])
  assert.deepEqual([other.isNew, other.replaced], [true, first.workflow.hash])
  const before = renewals
  await assert.rejects(desk.deploy('document: 7'), { code: 'workflow/bad-definition' })
  await assert.rejects(desk.deploy(definition('foreign')), /nobody listens/)
  assert.equal(renewals, before)
  await current.stop()
  current = engine()
  await current.start()
  assert.deepEqual(
    current.workflows().map(({ hash }) => hash),
    [other.workflow.hash],
  )
  const again = deskOf()
  for (let at = 1; at < 1_000; at += 1) await again.deploy(definition(`w${at}`))
  await assert.rejects(again.deploy(definition('surplus')), {
    ...{ code: 'workflow/too-many', message: /1000 workflows are deployed, which is the limit/ },
  })
  assert.equal((await again.deploy(definition('w7', '\ntimeout: {after: PT1S}'))).isNew, true)
})

/** The same content as JSON. */
function jsonOf(name: string) {
  const document = { dsl: '1.0.3', namespace: 'test', name, version: '1.0.0' }
  return { do: [{ a: { set: { b: 1 } } }], document }
}

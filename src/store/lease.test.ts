/** Lets processes compete for a lease, sleep past it, and write as if they still had it. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Clock, Timer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { createLease, fencedStore, leaseMigrations } from './lease.ts'
import { openPostgres } from './postgres.ts'
import type { SqlStore } from './sql.ts'
import { openSqlite } from './sqlite.ts'
import { temporarySchema } from './temporary-schema.ts'

/** Time that tests move; what is due then is called. */
class Hours implements Clock, Timer {
  #nowMs = 1_000_000
  #due: { readonly atMs: number; readonly call: () => void }[] = []
  nowMs(): number {
    return this.#nowMs
  }
  after(delayMs: number, call: () => void): () => void {
    const one = { atMs: this.#nowMs + delayMs, call }
    this.#due.push(one)
    return () => {
      this.#due = this.#due.filter((other) => other !== one)
    }
  }
  /** Moves the clock alone: the process slept. */
  sleep(ms: number): void {
    this.#nowMs += ms
  }
  advance(ms: number): void {
    this.sleep(ms)
    const due = this.#due.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#due = this.#due.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { call } of due) call()
  }
}

const temporary = temporarySchema()
const stores: readonly (readonly [string, () => Promise<SqlStore>])[] = [
  ['SQLite', () => openSqlite({ path: ':memory:' })],
  ['PostgreSQL', () => openPostgres(temporary)],
]

for (const [name, open] of stores) {
  describe(`leases on ${name}`, () => {
    let sql: SqlStore
    let count = 0
    before(async () => {
      sql = await open()
      await sql.migrate(leaseMigrations)
      await sql.run('CREATE TABLE told (who TEXT NOT NULL)')
    })
    after(async () => {
      await sql.close()
      if (name === 'PostgreSQL') await temporary.remove()
    })

    /** Two processes that want the same. */
    function two() {
      count += 1
      const lease = `lease ${count}`
      return ['one', 'other'].map((holder) => {
        const time = new Hours()
        const options = { name: lease, holder, leaseMs: 9_000 }
        const own = createLease(options, { sql, clock: time, timer: time, logger: silentLogger })
        const tell = (fenced = fencedStore(sql, own)) =>
          fenced.transaction(async (session) => {
            await session.run('INSERT INTO told VALUES (?)', `${lease} ${holder}`)
          })
        return { lease: own, time, tell, fenced: () => fencedStore(sql, own) }
      }) as [Process, Process]
    }
    interface Process {
      readonly lease: ReturnType<typeof createLease>
      readonly time: Hours
      tell(fenced?: SqlStore): Promise<void>
      fenced(): SqlStore
    }
    const held = async ({ lease }: Process, wanted: boolean) => {
      const end = Date.now() + 5_000
      while (lease.isHeld !== wanted) {
        assert.ok(Date.now() < end, `never ${wanted ? 'held' : 'lost'}`)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }

    test('the first to come has it; the other gets it at once when it is given back', async () => {
      const [one, other] = two()
      await one.lease.start()
      await other.lease.start()
      assert.deepEqual([one.lease.isHeld, other.lease.isHeld], [true, false])
      assert.equal(await other.lease.holder(), 'one')
      await one.tell()
      await assert.rejects(other.tell(), { code: 'store/lease-lost' })
      // A notice is heard once the connection that listens is there, until then it is looked for.
      other.time.advance(3_000)
      await one.lease.stop()
      other.time.advance(3_000)
      await held(other, true)
      await other.tell()
      await other.lease.stop()
    })

    test('who says nothing is followed by another, and can write nothing more', async () => {
      const [one, other] = two()
      await one.lease.start()
      await other.lease.start()
      let changes = 0
      one.lease.watch(() => {
        changes += 1
      })
      other.time.advance(8_000)
      other.time.advance(3_000)
      await held(other, true)
      await other.tell()
      assert.equal(one.lease.isHeld, true, 'it sleeps, and does not know')
      const before = one.fenced()
      await assert.rejects(one.tell(), { code: 'store/lease-lost' })
      assert.deepEqual([one.lease.isHeld, changes], [false, 1])
      await one.lease.stop()
      assert.equal(await other.lease.holder(), 'other')
      await other.tell()
      await other.lease.stop()
      await one.lease.start()
      await one.tell()
      await assert.rejects(one.tell(before), { code: 'store/lease-lost' })
      assert.equal(one.lease.isHeld, true, 'what was begun before is refused, not what it has now')
      await one.lease.stop()
    })

    test('who wakes late and was not followed goes on', async () => {
      const [one] = two()
      await one.lease.start()
      one.time.sleep(60_000)
      await one.tell()
      one.time.advance(3_000)
      await one.tell()
      assert.equal(one.lease.isHeld, true)
      await one.lease.stop()
    })

    test('a transaction under way is not overtaken', { skip: name === 'SQLite' }, async () => {
      const [one, other] = two()
      await one.lease.start()
      await other.lease.start()
      let release = () => {}
      const gate = new Promise<void>((resolve) => {
        release = resolve
      })
      let guarded = () => {}
      const begun = new Promise<void>((resolve) => {
        guarded = resolve
      })
      const slow = sql.transaction(async (session) => {
        await one.lease.guard()(session)
        guarded()
        await gate
      })
      await begun
      other.time.advance(20_000)
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.equal(other.lease.isHeld, false)
      release()
      await slow
      await held(other, true)
      await Promise.all([one.lease.stop(), other.lease.stop()])
    })
  })
}

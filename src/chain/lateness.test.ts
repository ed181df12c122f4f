/** Lets a timer ring late, and asks how late the program is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lateness } from './lateness.ts'

/** Time that stands still until the test lets it pass. */
class SlowTime {
  atMs = 1_000
  #due: { readonly atMs: number; readonly run: () => void } | undefined
  readonly clock = { nowMs: () => this.atMs }
  readonly timer = {
    after: (delayMs: number, run: () => void) => {
      this.#due = { atMs: this.atMs + delayMs, run }
      return () => {
        this.#due = undefined
      }
    },
  }

  get isAsked(): boolean {
    return this.#due !== undefined
  }

  /** Lets the timer ring, so late. */
  ring(lateMs: number): void {
    const due = this.#due
    assert.ok(due, 'nobody looks')
    this.#due = undefined
    this.atMs = due.atMs + lateMs
    due.run()
  }
}

test('lateness is that of the last timers, the newest counts half', () => {
  const time = new SlowTime()
  const lateness = new Lateness(time)
  assert.equal(lateness.ms, 0)
  time.ring(400)
  assert.equal(lateness.ms, 200)
  time.ring(400)
  assert.equal(lateness.ms, 300)
  time.ring(0)
  assert.equal(lateness.ms, 150)
})

test('nobody looks unless somebody asks, and what is old says nothing', () => {
  const time = new SlowTime()
  const lateness = new Lateness(time)
  assert.equal(time.isAsked, false)
  assert.equal(lateness.ms, 0)
  time.ring(500)
  assert.equal(time.isAsked, false)
  time.atMs += 1_001
  assert.equal(lateness.ms, 0)
  assert.equal(time.isAsked, true)
  lateness.stop()
  assert.equal(time.isAsked, false)
})

test('a clock that was set forward is not taken for a program that is late', () => {
  const time = new SlowTime()
  const lateness = new Lateness(time)
  assert.equal(lateness.ms, 0)
  time.ring(3_600_000)
  assert.equal(lateness.ms, 500)
})

/** Plays the life of a chain and its listener by chance, and compares what was heard with the chain at the end. */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { SqlStore } from '../../store/sql.ts'
import type { Listener, ListenerStatus } from '../stream.ts'
import { heard, states, until, world } from './listening.ts'
import { ScriptedChain } from './scripted-chain.ts'

/** One thing that happens. */
type Step =
  | { readonly kind: 'grow'; readonly fresh: number; readonly back: number }
  | { readonly kind: 'leap' | 'drop' | 'wait'; readonly count: number }
  | { readonly kind: 'restart'; readonly confirmations: number }
  | { readonly kind: 'outage' | 'lag' | 'settle' }

/** Deeper than all drops of a story together. */
const window = 60

const counted = (kind: 'leap' | 'drop' | 'wait', max: number) =>
  fc.record({ kind: fc.constant(kind), count: fc.integer({ min: 1, max }) })
const grow = fc.record({
  ...{ kind: fc.constant('grow' as const) },
  ...{ fresh: fc.nat(2), back: fc.nat(2) },
})

/** Stories of up to 14 steps. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { arbitrary: grow, weight: 6 },
    { arbitrary: counted('drop', 4), weight: 3 },
    { arbitrary: counted('leap', 40), weight: 1 },
    { arbitrary: counted('wait', 30), weight: 3 },
    fc.record({ kind: fc.constant('restart' as const), confirmations: fc.nat(3) }),
    fc.record({ kind: fc.constantFrom('outage' as const, 'lag' as const, 'settle' as const) }),
  ),
  { maxLength: 14 },
)

class Life {
  readonly chain: ScriptedChain
  readonly #sql: SqlStore
  readonly #start: (confirmations: number) => Promise<Listener>
  #listener: Listener
  #last = 0n
  /** Payments that left with their blocks, and may come back. */
  #left: bigint[] = []

  constructor(
    { chain, sql, listener }: { chain: ScriptedChain; sql: SqlStore; listener: Listener },
    start: (confirmations: number) => Promise<Listener>,
  ) {
    this.chain = chain
    this.#sql = sql
    this.#listener = listener
    this.#start = start
  }

  async happen(step: Step): Promise<void> {
    if (step.kind === 'grow') this.#grow(step.fresh, step.back)
    if (step.kind === 'leap') this.chain.leap(step.count)
    if (step.kind === 'drop') this.#drop(step.count)
    if (step.kind === 'wait') await this.#turns(step.count)
    if (step.kind === 'outage') this.chain.down = !this.chain.down
    if (step.kind === 'lag') this.#lag()
    if (step.kind === 'settle') await this.#settle()
    if (step.kind === 'restart') {
      await this.#listener.stop()
      this.#listener = await this.#start(step.confirmations)
    }
  }

  /** Ends with blocks on top of everything, and compares. */
  async end(): Promise<void> {
    this.chain.leap(4)
    await this.#settle()
    const balance = new Map<string, string[]>()
    for (const line of await heard(this.#sql)) {
      const signs = balance.get(line.slice(1)) ?? []
      balance.set(line.slice(1), [...signs, line.slice(0, 1)])
    }
    for (const [amount, signs] of balance) {
      const isInTurn = signs.every((sign, turn) => sign === (turn % 2 === 0 ? '+' : '-'))
      assert.ok(isInTurn, `${amount} was heard as ${signs.join(' ')}`)
    }
    const there = [...balance].filter(([, signs]) => signs.at(-1) === '+')
    const expected = this.chain.amounts.map(String).sort()
    assert.deepEqual(there.map(([amount]) => amount).sort(), expected)
    const confirmed = (await states(this.#sql))
      .filter((line) => !line.endsWith('retracted'))
      .map((line) => line.replace('finalized', 'confirmed'))
    assert.deepEqual([...confirmed].sort(), expected.map((amount) => `${amount} confirmed`).sort())
  }

  #grow(fresh: number, back: number): void {
    const amounts = this.#left.splice(0, back)
    for (let n = 0; n < fresh; n += 1) {
      this.#last += 1n
      amounts.push(this.#last)
    }
    this.chain.grow(amounts)
  }

  #drop(count: number): void {
    const before = this.chain.amounts
    this.chain.drop(Math.min(count, this.chain.head))
    const still = new Set(this.chain.amounts)
    this.#left.push(...before.filter((amount) => !still.has(amount)))
  }

  /** Until it settles, some answers tell a head that is behind. */
  #lag(): void {
    let asked = 0
    this.chain.distort = (method, answer) => {
      asked += 1
      if (method !== 'eth_blockNumber' || asked % 3 > 0) return answer
      return `0x${Math.max(0, this.chain.head - 2).toString(16)}`
    }
  }

  async #settle(): Promise<void> {
    this.chain.down = false
    this.chain.distort = (_, answer) => answer
    const { head } = this.chain
    const top = this.chain.hashOf(head)
    // Blocks that left without others in their place look like an endpoint that lags.
    const isThere = (status: ListenerStatus) =>
      status.state === 'following' && status.head === head && Number(status.checkpoint) >= head
    for (let tries = 0; tries < 10_000; tries += 1) {
      await until(this.#listener, isThere)
      const query = 'SELECT hash FROM listened_blocks WHERE number = ?'
      const row = await this.#sql.get(query, head)
      if (row?.hash === top) return
      await this.#turns(1)
    }
    assert.fail(`block ${head} of another branch stays`)
  }

  async #turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Lets a story happen to a chain and its listener, and checks what was heard. */
export async function playedLife(story: readonly Step[]): Promise<void> {
  const ends: (() => Promise<void>)[] = []
  try {
    const chain = new ScriptedChain()
    const scene = { after: (run: () => Promise<void>) => void ends.push(run) }
    const { open, start } = await world(scene, chain, { window, maxRange: 15 })
    const sql = await open()
    const begin = (confirmations: number) => start(sql, { confirmations })
    const life = new Life({ chain, sql, listener: await begin(1) }, begin)
    for (const step of story) await life.happen(step)
    await life.end()
  } finally {
    for (const end of ends) await end()
  }
}

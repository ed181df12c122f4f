/** Runs a scenario on both machines and tells where they differ, in as few pieces as possible. */

import { shorter } from './code.ts'
import { knownReason, tracing } from './known-faults.ts'
import type { Oracle, Watcher } from './oracle.ts'
import { differences, type Outcome } from './outcome.ts'
import type { Scenario } from './scenario.ts'

/** The two machines. */
export interface Machines {
  readonly oracle: Pick<Oracle, 'run'>
  readonly subject: { run(scenario: Scenario): Promise<Outcome> }
}

/** What came of a scenario. */
export type Check =
  | { readonly kind: 'equal' }
  | { readonly kind: 'known'; readonly reason: string }
  | { readonly kind: 'different'; readonly lines: readonly string[] }

/** Compares the outcomes; an error of either machine is a difference too. */
export async function check(
  scenario: Scenario,
  { oracle, subject }: Machines,
  watcher?: Watcher,
): Promise<Check> {
  const lines = await compare(scenario, { oracle, subject }, watcher)
  if (lines.length === 0) return { kind: 'equal' }
  const { watcher: tracer, trace } = tracing()
  await oracle.run(scenario, tracer).catch(() => undefined)
  const reason = knownReason(trace)
  return reason === undefined ? { kind: 'different', lines } : { kind: 'known', reason }
}

async function compare(
  scenario: Scenario,
  { oracle, subject }: Machines,
  watcher: Watcher | undefined,
): Promise<readonly string[]> {
  const watched = watcher && (await oracle.run(scenario, watcher).catch(() => undefined))
  // Watched steps that would need more memory than there is make it throw, where it runs out of gas unwatched.
  const theirs = watched ?? (await oracle.run(scenario).catch(messageOf))
  const ours = await subject.run(scenario).catch(messageOf)
  if (typeof theirs === 'string' || typeof ours === 'string') {
    const told = (outcome: Outcome | string) =>
      typeof outcome === 'string' ? outcome : 'an outcome'
    return [`${told(ours)}, the second opinion has ${told(theirs)}`]
  }
  return differences(ours, theirs)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/**
 * Leaves out what the difference does not need.
 *
 * @param most - runs that may be spent
 */
export async function reduce(
  scenario: Scenario,
  machines: Machines,
  most: number,
): Promise<Scenario> {
  let smallest = scenario
  let left = most
  for (let isSmaller = true; isSmaller && left > 0; ) {
    isSmaller = false
    for (const smaller of smallerOnes(smallest)) {
      left -= 1
      if (left === 0) break
      if ((await check(smaller, machines)).kind !== 'different') continue
      smallest = smaller
      isSmaller = true
      break
    }
  }
  return smallest
}

function* smallerOnes(scenario: Scenario): Generator<Scenario> {
  const { accounts, transactions } = scenario
  if (transactions.length > 1) yield { ...scenario, transactions: transactions.slice(0, -1) }
  for (const [at, account] of accounts.entries()) {
    const replaced = (changed: Partial<typeof account>) => ({
      ...scenario,
      accounts: accounts.map((one, place) => (place === at ? { ...account, ...changed } : one)),
    })
    if (account.storage.length > 0) yield replaced({ storage: [] })
    for (const pieces of shorter(account.pieces)) yield replaced({ pieces })
  }
}

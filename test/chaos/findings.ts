/** Compares what a chaos run left in the database, on the chain and at the function with what must be. */

import type { Hex } from '../../src/base/bytes.ts'
import type { SqlStore } from '../../src/store/sql.ts'
import type { WrittenLog } from './chaos-chain.ts'
import type { Act } from './counted-function.ts'
import type { Worker } from './worker.ts'

/** What is left. */
export interface Remains {
  readonly sql: SqlStore
  readonly written: readonly WrittenLog[]
  readonly acts: readonly Act[]
  readonly workers: readonly Pick<Worker, 'number' | 'killedAtMs'>[]
  readonly isKeyShared: boolean
}

/** What was found; `faults` are what must not be. */
export interface Findings {
  readonly faults: readonly string[]
  readonly onChain: number
  readonly retracted: number
  /** Nonces of the sender that somebody else used. */
  readonly taken: number
  /** Nonces that the sender filled since nobody had them any more. */
  readonly filled: number
  readonly payments: number
  readonly undone: number
  /** Keys that the function saw again for a step under way at a kill, or whose answer it did not give. */
  readonly repeatsAfterKill: number
  readonly repeatsAfterFault: number
}

/** One event as the database has it. */
interface Known {
  readonly id: string
  readonly state: string
  readonly statuses: readonly string[]
  readonly records: number
}

/** What a killed node has asked may come this long after it; a new one takes longer to start. */
const onTheWayMs = 1_000

/** Looks at everything. */
export async function findingsOf(remains: Remains): Promise<Findings> {
  const { written, acts, workers } = remains
  const faults: string[] = []
  const known = await knownEvents(remains.sql, faults)
  const onChain = new Set(written.filter(({ what }) => what === 'deposit').map((one) => one.amount))
  for (const amount of onChain) {
    const event = known.get(amount)
    if (event === undefined) faults.push(`deposit ${amount} is on the chain and not known`)
    else faults.push(...faultsOfFinal(amount, event))
  }
  let retracted = 0
  for (const [amount, event] of known) {
    if (onChain.has(amount)) continue
    retracted += 1
    faults.push(...faultsOfRetracted(amount, event))
  }
  const sent = await sentOf(remains.sql)
  faults.push(...paymentFaults(remains, { known, onChain }))
  faults.push(...sendingFaults(written, sent))
  faults.push(...actFaults(acts, known, onChain))
  const repeats = repeatsOf(acts, { workers, retried: await retriedSteps(remains.sql) })
  return {
    faults: [...faults, ...repeats.faults],
    ...{ onChain: onChain.size, retracted },
    taken: written.filter(({ what }) => what === 'note').length,
    filled: written.filter(({ what }) => what === 'fill').length,
    payments: written.filter(({ what }) => what === 'pay').length,
    undone: written.filter(({ what }) => what === 'undo').length,
    ...{ repeatsAfterKill: repeats.afterKill, repeatsAfterFault: repeats.afterFault },
  }
}

/** Whether a workflow sends it. */
const isSent = (what: WrittenLog['what']) => what === 'pay' || what === 'undo'

async function knownEvents(sql: SqlStore, faults: string[]): Promise<ReadonlyMap<number, Known>> {
  const events = await sql.all('SELECT id, state, args FROM events ORDER BY seq')
  const instances = await sql.all('SELECT event_id, status FROM instances ORDER BY seq')
  const records = await sql.all('SELECT key FROM records')
  const known = new Map<number, Known>()
  for (const { id, state, args } of events) {
    const [amount] = (JSON.parse(String(args)) as readonly string[]).map(Number)
    if (amount === undefined) continue
    if (known.has(amount)) faults.push(`deposit ${amount} is two events`)
    const own = instances.filter(({ event_id }) => event_id === id)
    known.set(amount, {
      ...{ id: String(id), state: String(state) },
      statuses: own.map(({ status }) => String(status)),
      records: records.filter(({ key }) => key === id).length,
    })
  }
  return known
}

function faultsOfFinal(amount: number, { state, statuses, records }: Known): readonly string[] {
  const faults: string[] = []
  if (state !== 'finalized') faults.push(`deposit ${amount} is ${state}, not finalized`)
  if (statuses.join() !== 'completed') {
    faults.push(`deposit ${amount} has the instances [${statuses}], not one completed`)
  }
  if (records !== 1) faults.push(`deposit ${amount} has ${records} records, not one`)
  return faults
}

function faultsOfRetracted(amount: number, { state, statuses, records }: Known): readonly string[] {
  const faults: string[] = []
  if (state !== 'retracted') faults.push(`deposit ${amount} left the chain and is ${state}`)
  if (statuses.join() !== 'retracted') {
    faults.push(`deposit ${amount} left the chain and has the instances [${statuses}]`)
  }
  if (records > 1) faults.push(`deposit ${amount} has ${records} records`)
  return faults
}

interface Sent {
  readonly key: string
  readonly state: string
  readonly versions: readonly { readonly hash: Hex }[]
}

async function sentOf(sql: SqlStore): Promise<readonly Sent[]> {
  const rows = await sql.all('SELECT idempotency_key, state, versions FROM sent_transactions')
  return rows.map(({ idempotency_key, state, versions }) => ({
    ...{ key: String(idempotency_key), state: String(state) },
    versions: JSON.parse(String(versions)) as Sent['versions'],
  }))
}

/**
 * Payments and what undid them come in turn, and end as the event did. Where somebody else takes nonces, one that is signed
 * anew comes late, and one that gets a nonce which was given back comes early: then they must only add up.
 */
function paymentFaults(
  { written, isKeyShared }: Remains,
  { known, onChain }: { known: ReadonlyMap<number, Known>; onChain: ReadonlySet<number> },
): readonly string[] {
  const turns = new Map<number, string[]>()
  for (const { what, amount } of written) {
    if (isSent(what)) turns.set(amount, [...(turns.get(amount) ?? []), what])
  }
  const faults: string[] = []
  for (const amount of new Set([...turns.keys(), ...onChain, ...known.keys()])) {
    const said = turns.get(amount) ?? []
    const isInTurn = said.every((what, at) => what === (at % 2 === 0 ? 'pay' : 'undo'))
    const paid = said.reduce((sum, what) => sum + (what === 'pay' ? 1 : -1), 0)
    if ((isInTurn || isKeyShared) && paid === (onChain.has(amount) ? 1 : 0)) continue
    const place = onChain.has(amount) ? 'is on the chain' : 'left the chain'
    faults.push(`deposit ${amount} ${place} and was paid as [${said}]`)
  }
  return faults
}

/** Each key has one transaction, and each transaction on the chain belongs to one key. */
function sendingFaults(written: readonly WrittenLog[], sent: readonly Sent[]): readonly string[] {
  const faults: string[] = []
  const mined = new Set<Hex>()
  for (const { what, transactionHash } of written) {
    if (isSent(what)) mined.add(transactionHash)
  }
  const owners = new Map<Hex, string>()
  for (const { key, state, versions } of sent) {
    const hashes = versions.map(({ hash }) => hash)
    const own = hashes.filter((hash) => mined.has(hash))
    for (const hash of hashes) owners.set(hash, key)
    if (own.length > 1) faults.push(`key ${key} has the transactions ${own}`)
    if (state === 'open') faults.push(`the transaction of key ${key} is still open`)
  }
  for (const hash of mined) {
    if (!owners.has(hash)) faults.push(`transaction ${hash} is on the chain and of no key`)
  }
  return faults
}

/** What was checked for an event that left is unchecked, and for one that stayed it is checked once more than not. */
function actFaults(
  acts: readonly Act[],
  known: ReadonlyMap<number, Known>,
  onChain: ReadonlySet<number>,
): readonly string[] {
  const faults: string[] = []
  for (const amount of known.keys()) {
    const of = (name: string) =>
      new Set(
        acts.filter((act) => act.amount === amount && act.name === name).map(({ key }) => key),
      )
    const left = of('check').size - of('uncheck').size
    if (left === (onChain.has(amount) ? 1 : 0)) continue
    const place = onChain.has(amount) ? 'is on the chain' : 'left the chain'
    faults.push(`deposit ${amount} ${place} and ${left} of its checks were not undone`)
  }
  return faults
}

/** Steps that were asked again since no answer had come in time, as the journal says: on a busy machine one comes too late. */
async function retriedSteps(sql: SqlStore): Promise<ReadonlySet<string>> {
  const lines = await sql.all(
    `SELECT DISTINCT events.args, journal.step FROM journal JOIN instances ON instances.id = journal.instance_id
      JOIN events ON events.id = instances.event_id WHERE journal.kind = 'retrying'`,
  )
  return new Set(
    lines.map(({ args, step }) => {
      const [amount] = JSON.parse(String(args)) as readonly string[]
      return `${amount} ${String(step).split('/').at(-1)}`
    }),
  )
}

interface Excuses {
  readonly workers: Remains['workers']
  readonly retried: ReadonlySet<string>
}

/** Whether a key may have come again: nobody knew that it was done, or whoever knew was killed. */
function repeatsOf(acts: readonly Act[], { workers, retried }: Excuses) {
  const last = new Map<string, Act>()
  const faults: string[] = []
  let [afterKill, afterFault] = [0, 0]
  for (const act of acts) {
    const before = last.get(act.key)
    last.set(act.key, act)
    if (before === undefined) continue
    const kills = workers.find(({ number }) => number === before.worker)?.killedAtMs ?? []
    const fromMs = before.startedAtMs - onTheWayMs
    const isKilled = kills.some((at) => at >= fromMs && at <= act.startedAtMs)
    const isAfterKill = before.isAnswered && isKilled
    if (isAfterKill) afterKill += 1
    else if (!before.isAnswered || retried.has(`${act.amount} ${act.name}`)) afterFault += 1
    else faults.push(`the function was asked again for ${act.name} of ${act.amount}, which it did`)
  }
  return { faults, afterKill, afterFault }
}

/** Holds what came of a case against what was expected of it. */

import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../../base/json-rpc.ts'
import { compileExpression } from '../../stream/jq.ts'
import { type InstanceDetail, type JournalEntry, taskName } from '../workflow.ts'
import type { MadeCall } from './stub-table.ts'
import type { Expectation } from './test-shapes.ts'
import { plain, type TestWorld } from './test-world.ts'

/** What came of a case so far. */
export interface CaseState {
  readonly status: string
  readonly reason: string | undefined
  readonly output: Json
  readonly problem: Json
  /** Tasks that did something, in their order. */
  readonly steps: readonly string[]
  /** Tasks that were undone, in their order. */
  readonly undone: readonly string[]
  readonly calls: readonly MadeCall[]
  readonly instances: number
}

const undoing = '#compensate'
/** Lines that are no task's own doing. */
const inner = ['now', 'random', 'race', 'all', 'end']
/** Sleeps that limit a task, or stand between two attempts. */
const ownSleep = /#(timeout\/after|retry\/\d+)$|^\/timeout\/after$/
const maxShown = 600

/** How the first run of the tested workflow is. */
export async function stateOf(world: TestWorld): Promise<CaseState> {
  const { items } = await world.engine.list({ limit: 200, workflow: world.workflow.name })
  const first = items.at(-1)
  const found = first && (await world.engine.get(first.id))
  return { ...runState(found), calls: world.stubs.calls, instances: items.length }
}

function runState(found: InstanceDetail | undefined): Omit<CaseState, 'calls' | 'instances'> {
  if (found === undefined) {
    const nothing = { output: null, problem: null, steps: [], undone: [], reason: undefined }
    return { status: 'not-started', ...nothing }
  }
  const { status, reason, output, problem, journal } = found
  const lines = journal.filter(
    ({ kind, action, step }) =>
      ['completed', 'failed'].includes(kind) && !inner.includes(action) && !ownSleep.test(step),
  )
  const isUndoing = ({ step }: JournalEntry) => step.includes(undoing)
  return {
    ...{ status, reason, output: plain(output), problem: plain(problem) },
    steps: once(lines.filter((line) => !isUndoing(line)).map(({ step }) => taskName(step))),
    undone: once(
      lines.filter(isUndoing).map(({ step }) => taskName(step.slice(0, step.indexOf(undoing)))),
    ),
  }
}

/** A task with several lines after each other, as one that asks and is answered, counts once. */
function once(names: readonly string[]): readonly string[] {
  return names.filter((name, at) => name !== names[at - 1])
}

/** What is not as expected, in sentences. */
export function differences(wanted: Expectation, state: CaseState): readonly string[] {
  const told: string[] = []
  const same = (what: string, expected: unknown, was: unknown, why = '') => {
    if (isDeepStrictEqual(plain(expected), plain(was))) return
    told.push(`${what}: expected ${shown(expected)}, was ${shown(was)}${why}`)
  }
  const { status, output, steps, undone, instances, problem, calls, where } = wanted
  if (status !== undefined) same('status', status, state.status, reasonOf(state))
  if (output !== undefined) same('output', output, state.output)
  if (steps !== undefined) same('steps', steps, state.steps)
  if (undone !== undefined) same('undone', undone, state.undone)
  if (instances !== undefined) same('instances', instances, state.instances)
  if (problem !== undefined && !includes(state.problem, problem as Json)) {
    told.push(`problem: expected one with ${shown(problem)}, was ${shown(state.problem)}`)
  }
  if (calls !== undefined) told.push(...callDifferences(calls, state.calls))
  if (where !== undefined) told.push(...unmet(where, state))
  return told
}

function reasonOf({ reason, problem }: CaseState): string {
  const { detail, title } = (problem ?? {}) as { readonly detail?: string; readonly title?: string }
  const why = detail ?? title ?? reason
  return why === undefined ? '' : ` (${why})`
}

/** Each that is expected must be made, in this order; none may be where the list is empty. */
function callDifferences(
  wanted: NonNullable<Expectation['calls']>,
  made: readonly MadeCall[],
): readonly string[] {
  if (wanted.length === 0 && made.length > 0) return [`calls: expected none, were ${shown(made)}`]
  let from = 0
  for (const one of wanted) {
    const at = made.findIndex(
      (call, place) =>
        place >= from &&
        (one.call === undefined || one.call === call.call) &&
        (one.step === undefined || one.step === call.step) &&
        (one.with === undefined || includes(call.with, one.with)),
    )
    if (at < 0) {
      const behind = from > 0 ? ' behind those before' : ''
      return [`calls: expected ${shown(one)}${behind}, were ${shown(made.slice(from))}`]
    }
    from = at + 1
  }
  return []
}

function unmet(where: string, state: CaseState): readonly string[] {
  const seen = plain(state)
  try {
    const result = compileExpression(where)(seen)
    return result === true ? [] : [`where: ${where} gave ${shown(result)} on ${shown(seen)}`]
  } catch (error) {
    return [`where: ${where}: ${(error as Error).message}`]
  }
}

/** Whether a value has all that another one has; lists must be as long. */
function includes(value: Json, part: Json): boolean {
  if (typeof part !== 'object' || part === null) return isDeepStrictEqual(value, part)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(part)) {
    return (
      Array.isArray(value) &&
      value.length === part.length &&
      part.every((one, at) => includes(value[at] as Json, one as Json))
    )
  }
  if (Array.isArray(value)) return false
  const members = value as { readonly [name: string]: Json }
  return Object.entries(part).every(
    ([name, one]) => Object.hasOwn(members, name) && includes(members[name] as Json, one as Json),
  )
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}…`
}

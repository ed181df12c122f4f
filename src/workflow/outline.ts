/** Draws definitions: their tasks one after the other, with where each may lead. */

import type { Json } from '../base/json-rpc.ts'
import {
  below,
  isMembers,
  type Members,
  memberOf,
  type Place,
  pointerOf,
} from './language/places.ts'
import { namedTasks } from './language/task-list.ts'

/** A task as the console draws it. */
export interface TaskOutline {
  /** JSON pointer of the task: `/do/0/pay`. */
  readonly pointer: string
  readonly name: string
  /** `switch`, `set`, or the function that is called, such as `evm.send`. */
  readonly kind: string
  /** The task that it lies within. */
  readonly parent: string | undefined
  /** Pointers of tasks that may follow, with the condition under which they do; none ends the workflow. */
  readonly next: readonly { readonly step: string; readonly when?: string | undefined }[]
  /** The life of the event that it waits for, where it says so. */
  readonly at: string | undefined
}

type Edge = TaskOutline['next'][number]

/** Where a list of tasks leads when it ends. */
interface Exit {
  readonly parent: string | undefined
  readonly follow: string | undefined
}

const kinds = ['for', 'do', 'fork', 'try', 'switch', 'set', 'wait', 'raise', 'emit', 'listen']

/**
 * All tasks of a full definition, each before those within it; what compensates a task lies within it, behind the
 * condition `undo`.
 */
export function outlineOf(definition: Json): readonly TaskOutline[] {
  const drawn: TaskOutline[] = []
  const exit = { parent: undefined, follow: undefined }
  drawList(drawn, memberOf(definition, 'do') ?? [], { pointer: '/do', exit })
  return drawn
}

interface ListPlace {
  readonly pointer: string
  readonly exit: Exit
}

function drawList(drawn: TaskOutline[], entries: Json, { pointer, exit }: ListPlace): void {
  const tasks = namedTasks(entries)
  const pointers = tasks.map(({ name }, at) => pointer + pointerOf([at, name]))
  for (const [at, { name, definition }] of tasks.entries()) {
    const own = pointers[at] ?? ''
    const target = (then: Json | undefined): string | undefined => {
      if (then === undefined || then === 'continue') return pointers[at + 1] ?? exit.follow
      if (then === 'exit') return exit.follow
      if (then === 'end') return undefined
      return pointers[tasks.findIndex((one) => one.name === then)]
    }
    const life = memberOf(definition.metadata, 'at')
    const inner: Inner[] = innerOf(definition, { pointer: own, after: target(definition.then) })
    drawn.push({
      ...{ pointer: own, name, kind: kindOf(definition), parent: exit.parent },
      next: edgesOf(definition, { inner, target }),
      at: typeof life === 'string' ? life : undefined,
    })
    for (const { pointer: list, tasks: within, follow } of inner) {
      drawList(drawn, within, { pointer: list, exit: { parent: own, follow } })
    }
  }
}

/** A list of tasks within a task. */
interface Inner {
  readonly pointer: string
  readonly tasks: Json
  readonly follow: string | undefined
  readonly when: string | undefined
}

function innerOf(
  task: Members,
  { pointer, after }: { readonly pointer: string; readonly after: string | undefined },
): Inner[] {
  const place: Place = { pointer, variables: [] }
  const list = (tasks: Json | undefined, steps: readonly string[], more: Partial<Inner> = {}) => {
    if (!Array.isArray(tasks) || tasks.length === 0) return []
    return [
      { pointer: below(place, ...steps).pointer, tasks, follow: after, when: undefined, ...more },
    ]
  }
  const each = memberOf(task.for, 'each') ?? 'item'
  const loops = {
    follow: pointer,
    when: `each ${String(each)} of ${String(memberOf(task.for, 'in'))}`,
  }
  const compensate = memberOf(task.metadata, 'compensate')
  const undo = isMembers(compensate) ? [compensate] : compensate
  return [
    ...list(task.do, ['do'], task.for === undefined ? {} : loops),
    ...list(task.try, ['try']),
    ...list(memberOf(task.catch, 'do'), ['catch', 'do'], { when: 'error' }),
    ...list(memberOf(task.foreach, 'do'), ['foreach', 'do'], {
      follow: pointer,
      when: 'each event',
    }),
    ...list(undo, ['metadata', 'compensate'], { follow: undefined, when: 'undo' }),
    ...branchesOf(task, place, after),
  ]
}

/** Each branch of a fork is a list of its own. */
function branchesOf(task: Members, place: Place, after: string | undefined): Inner[] {
  const branches = memberOf(task.fork, 'branches')
  if (!Array.isArray(branches)) return []
  const { pointer } = below(place, 'fork', 'branches')
  const [first] = branches
  // One list for all, in which nothing follows from one to the other.
  if (first === undefined) return []
  const ends = branches.map((entry: Json) => {
    const [name, task] = Object.entries(isMembers(entry) ? entry : {})[0] ?? ['', {}]
    return { [name]: { ...(task as object), then: 'exit' } }
  })
  return [{ pointer, tasks: ends, follow: after, when: undefined }]
}

function edgesOf(
  task: Members,
  {
    inner,
    target,
  }: { readonly inner: readonly Inner[]; target(then: Json | undefined): string | undefined },
): readonly Edge[] {
  const after = target(task.then)
  const to = (step: string | undefined, when?: string): Edge[] => {
    return step === undefined ? [] : [{ step, ...(when === undefined ? {} : { when }) }]
  }
  const entered = inner.flatMap(({ pointer, tasks, when }) => {
    const named = namedTasks(tasks)
    const first =
      task.fork !== undefined && pointer.endsWith('/fork/branches') ? named : named.slice(0, 1)
    return first.flatMap(({ name }, at) => to(pointer + pointerOf([at, name]), when))
  })
  const skipped = task.if === undefined ? [] : to(target('continue'), `not ${String(task.if)}`)
  if (task.switch !== undefined) return [...casesOf(task, target), ...skipped]
  if (task.raise !== undefined) return [...entered, ...skipped]
  const passes = inner.every(({ when }) => when !== undefined)
  const loops = task.for !== undefined || task.foreach !== undefined
  return [
    ...entered,
    ...(passes ? to(after, loops && entered.length > 0 ? 'done' : undefined) : []),
    ...skipped,
  ]
}

function casesOf(task: Members, target: (then: Json | undefined) => string | undefined): Edge[] {
  const cases = namedTasks(task.switch ?? [])
  const edges = cases.flatMap(({ definition: { when, then } }): Edge[] => {
    const step = target(then)
    return step === undefined
      ? []
      : [{ step, when: typeof when === 'string' ? bare(when) : 'otherwise' }]
  })
  const step = target(task.then)
  const hasDefault = cases.some(({ definition }) => definition.when === undefined)
  return hasDefault || step === undefined ? edges : [...edges, { step, when: 'otherwise' }]
}

function kindOf(task: Members): string {
  if (typeof task.call === 'string') return task.call
  if (isMembers(task.run)) {
    const what = ['workflow', 'script', 'shell', 'container'].find((name) =>
      memberOf(task.run, name),
    )
    return `run.${what}`
  }
  return kinds.find((kind) => task[kind] !== undefined) ?? 'task'
}

function bare(text: string): string {
  return /^\s*\$\{([\s\S]*)\}\s*$/.exec(text)?.[1]?.trim() ?? text
}

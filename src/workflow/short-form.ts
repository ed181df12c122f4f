/** Expands the short form of definitions, for newcomers, into the full language. */

import type { Json } from '../base/json-rpc.ts'
import { isMembers, type Members, memberOf, type Problem } from './language/places.ts'

/** Members that the short form has at its top, at `on`, and on a step beside those of the language. */
const topMembers = ['name', 'title', 'namespace', 'version', 'on', 'do', 'use', 'timeout']
const onMembers = ['event', 'contract', 'abi', 'factory', 'where', 'chain', 'when']
const stepMembers = ['at', 'compensate', 'retry']

/** A definition in the full language, and what is wrong with its short form. */
export interface Expanded {
  readonly document: Members
  readonly problems: readonly Problem[]
}

/** Whether a definition is in the short form: it says `on`, and has no `document`. */
export function isShortForm(definition: Json): definition is Members {
  return isMembers(definition) && definition.document === undefined && definition.on !== undefined
}

/**
 * The full definition of a short one. Its steps see `.event`, the event's data with its id and chain, `.steps`, the results
 * so far by name, and `.instance`: every task gives its input on with its own result in `.steps`.
 */
export function expandShortForm(definition: Members): Expanded {
  const problems: Problem[] = []
  const known = (value: Json | undefined, names: readonly string[], pointer: string) => {
    for (const name of Object.keys(isMembers(value) ? value : {})) {
      if (names.includes(name)) continue
      const message = `is unknown in the short form; known are ${names.join(', ')}`
      problems.push({ pointer: `${pointer}/${name}`, message })
    }
  }
  known(definition, topMembers, '')
  known(definition.on, onMembers, '/on')
  const {
    name,
    title,
    namespace = 'default',
    version = '0.1.0',
    on,
    do: tasks,
    ...rest
  } = definition
  for (const member of ['event', 'contract']) {
    if (typeof memberOf(on, member) === 'string') continue
    const isElsewhere = Array.isArray(memberOf(on, member)) || memberOf(on, 'factory') !== undefined
    if (member === 'contract' && isElsewhere) continue
    const right = member === 'event' ? 'Deposited(address account, uint256 amount)' : 'depositVault'
    problems.push({ pointer: '/on', message: `needs "${member}" as text, such as "${right}"` })
  }
  const document = {
    document: {
      ...{ dsl: '1.0.3', namespace, name: name ?? null, version },
      ...(title === undefined ? {} : { title }),
    },
    ...rest,
    schedule: { on: { one: { with: eventOf(on) } } },
    input: { from: firstInput },
    do: expandTasks(tasks ?? null),
  }
  return { document, problems }
}

const firstInput =
  '${ { event: (.[0].data + { id: .[0].id, chain: .[0].chain }), steps: {}, instance: { id: $workflow.id, workflow: $workflow.definition.document.name } } }'

function eventOf(on: Json | undefined): Members {
  const { event, contract, abi, factory, where, chain, when } = isMembers(on) ? on : {}
  return {
    type: 'evm.log',
    ...(event === undefined ? {} : { event }),
    ...(contract === undefined ? {} : { contract }),
    ...(abi === undefined ? {} : { abi }),
    ...(factory === undefined ? {} : { factory }),
    ...(where === undefined ? {} : { where }),
    ...(chain === undefined ? {} : { chain }),
    ...(typeof when === 'string' ? { data: `\${ ${bare(when)} }` } : {}),
  }
}

function expandTasks(tasks: Json): Json {
  if (!Array.isArray(tasks)) return tasks
  return tasks.map((entry: Json) => {
    if (!isMembers(entry)) return entry
    return Object.fromEntries(
      Object.entries(entry).map(([name, task]) => [
        name,
        isMembers(task) ? expandTask(name, task) : task,
      ]),
    )
  })
}

function expandTask(name: string, task: Members): Members {
  const moved = Object.fromEntries(
    stepMembers.flatMap((member) => {
      const value = task[member]
      if (value === undefined) return []
      const list = Array.isArray(value) ? value : [value]
      return [[member, member === 'compensate' ? expandTasks(list as Json) : value]]
    }),
  )
  const { at: _at, compensate: _compensate, retry: _retry, ...own } = task
  const metadata = { ...(isMembers(task.metadata) ? task.metadata : {}), ...moved }
  return {
    ...nested(own),
    ...outputOf(name, task),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

/** The tasks within a task. */
function nested(task: Members): Members {
  const lists = ['do', 'try'].filter((member) => task[member] !== undefined)
  const caught = memberOf(task.catch, 'do')
  const branches = memberOf(task.fork, 'branches')
  return {
    ...task,
    ...Object.fromEntries(lists.map((member) => [member, expandTasks(task[member] as Json)])),
    ...(caught === undefined
      ? {}
      : { catch: { ...(task.catch as object), do: expandTasks(caught) } }),
    ...(branches === undefined
      ? {}
      : { fork: { ...(task.fork as object), branches: expandTasks(branches) } }),
  }
}

/** Puts a task's result among the steps; tasks that run others in order have done so already. */
function outputOf(name: string, task: Members): Members {
  const given = memberOf(task.output, 'as')
  const carries = ['switch', 'wait', 'raise', 'do', 'try', 'for'].some(
    (kind) => task[kind] !== undefined,
  )
  if (carries && given === undefined) return {}
  const competes = memberOf(task.fork, 'compete') === true
  if (competes && given === undefined) return {}
  const branches = memberOf(task.fork, 'branches')
  const forked = Array.isArray(branches) && branches.length > 0 && given === undefined
  const result = typeof given === 'string' ? bare(given) : '.'
  const steps = forked
    ? branches.map((_one, at) => `.[${at}].steps`).join(' + ')
    : `{ ${JSON.stringify(name)}: (${result}) }`
  const as = `\${ $input + { steps: ($input.steps + ${steps}) } }`
  return { output: { ...(isMembers(task.output) ? task.output : {}), as } }
}

function bare(text: string): string {
  return /^\s*\$\{([\s\S]*)\}\s*$/.exec(text)?.[1]?.trim() ?? text
}

/** The place in the short form of what stands at a place of the full one. */
export function shortPlace(pointer: string): string {
  return pointer
    .replace(/^\/schedule\/on\/one\/with\/data/, '/on/when')
    .replace(/^\/schedule\/on\/one\/with/, '/on')
    .replace(/^\/document/, '')
    .replaceAll(/\/metadata\/(at|compensate|retry)/g, '/$1')
}

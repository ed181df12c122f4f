/** Turns state machines in Amazon States Language into workflow definitions. */

import type { Json } from '../../../base/json-rpc.ts'
import { ruleExpression } from './asl-choices.ts'
import { withCatchers, withRetries } from './asl-errors.ts'
import { keysText, pathExpression, pathKeys, templateExpression } from './asl-paths.ts'
import { taskOf } from './asl-tasks.ts'
import {
  definitionOf,
  listAt,
  type Members,
  membersAt,
  mustKnow,
  noCounterpart,
  textAt,
} from './refusal.ts'

type Task = { readonly [name: string]: Json }

/** One state, its name and place, and the word that ends the list it is in. */
interface State {
  readonly name: string
  readonly state: Members
  readonly place: string
  readonly end: 'end' | 'exit'
}

/**
 * A state machine as a definition of DSL 1.0.3.
 *
 * @throws AppError `workflow/no-counterpart`, with the place of what can't be turned
 */
export function fromStatesLanguage(machine: Json): Json {
  const root = membersAt(machine, 'the state machine')
  mustKnow(
    root,
    ['Comment', 'StartAt', 'States', 'TimeoutSeconds', 'Version', 'QueryLanguage'],
    'the state machine',
  )
  const title = typeof root.Comment === 'string' ? root.Comment : 'Imported state machine'
  const timeout =
    root.TimeoutSeconds === undefined
      ? {}
      : { timeout: { after: { seconds: root.TimeoutSeconds } } }
  refuseJsonata(root, 'the state machine')
  return definitionOf(title, { ...timeout, do: tasksOf(root, { place: '', end: 'end' }) as Json })
}

function refuseJsonata(members: Members, place: string): void {
  if (members.QueryLanguage === undefined || members.QueryLanguage === 'JSONPath') return
  throw noCounterpart(`${place}.QueryLanguage`, 'only JSONPath has a counterpart')
}

/** The states of a machine, the first one first. */
function tasksOf(
  machine: Members,
  { place, end }: { readonly place: string; readonly end: State['end'] },
): readonly Task[] {
  const states = membersAt(machine.States, `${place}States`)
  const start = textAt(machine.StartAt, `${place}StartAt`)
  if (!Object.hasOwn(states, start))
    throw noCounterpart(`${place}StartAt`, `there is no state ${start}`)
  const names = [start, ...Object.keys(states).filter((name) => name !== start)]
  return names.flatMap((name) => {
    const where = `${place}States.${name}`
    const state = membersAt(states[name], where)
    refuseJsonata(state, where)
    for (const next of [state.Next, state.Default]) {
      if (typeof next === 'string' && !Object.hasOwn(states, next)) {
        throw noCounterpart(where, `goes to ${next}, which is no state`)
      }
    }
    return convert({ name, state, place: where, end })
  })
}

const flow = ['Type', 'Comment', 'Next', 'End', 'InputPath', 'OutputPath']
const results = ['Parameters', 'ResultSelector', 'ResultPath']

function convert(one: State): readonly Task[] {
  const { name, state, place } = one
  switch (state.Type) {
    case 'Pass':
      mustKnow(state, [...flow, ...results, 'Result'], place)
      return [{ [name]: { ...passOf(one), ...resultOf(one), then: thenOf(one) } }]
    case 'Task':
      return taskState(one)
    case 'Choice':
      return choiceOf(one)
    case 'Wait':
      mustKnow(state, [...flow, 'Seconds', 'SecondsPath'], place)
      return [{ [name]: { wait: waitOf(one), ...throughOf(one), then: thenOf(one) } }]
    case 'Succeed':
      mustKnow(state, flow, place)
      return [{ [name]: { set: `\${ ${inputOf(one)} }`, ...throughOf(one), then: one.end } }]
    case 'Fail':
      mustKnow(state, ['Type', 'Comment', 'Error', 'Cause'], place)
      return [{ [name]: failOf(state) }]
    case 'Parallel':
      return parallelOf(one)
    case 'Map':
      return mapOf(one)
    default:
      throw noCounterpart(`${place}.Type`, `${String(state.Type)} is no type of state`)
  }
}

function thenOf({ state, place, end }: State): string {
  if (state.End === true) return end
  return textAt(state.Next, `${place}.Next`)
}

/** What the state works on. */
function inputOf({ state, place }: State, root = '.'): string {
  const { InputPath: path = '$' } = state
  return path === null
    ? '{}'
    : pathExpression(textAt(path, `${place}.InputPath`), root, `${place}.InputPath`)
}

/** What a task is given: its parameters, or the whole input. */
function payloadOf(one: State): string {
  const { Parameters: parameters } = one.state
  const root = inputOf(one)
  return parameters === undefined
    ? root
    : templateExpression(parameters, root, `${one.place}.Parameters`)
}

/** How the result is put into the input, and what of that is handed on. */
function resultOf({ state, place }: State, raw = '.'): Task {
  const { ResultSelector: selector, ResultPath: path = '$' } = state
  const selected =
    selector === undefined ? raw : templateExpression(selector, raw, `${place}.ResultSelector`)
  let expression = selected
  if (path === null) expression = '$input'
  else {
    const keys = keysText(pathKeys(textAt(path, `${place}.ResultPath`), `${place}.ResultPath`))
    if (keys !== '')
      expression = `(${selected}) as $result | $input | ${keys.startsWith('[') ? '.' : ''}${keys} = $result`
  }
  return outputAs(expression, state, place)
}

function outputAs(expression: string, state: Members, place: string): Task {
  const { OutputPath: path = '$' } = state
  if (path === null) return { output: { as: '${ {} }' } }
  const kept = pathExpression(textAt(path, `${place}.OutputPath`), '.', `${place}.OutputPath`)
  const whole = kept === '.' ? expression : `${expression} | ${kept}`
  return whole === '.' ? {} : { output: { as: `\${ ${whole} }` } }
}

/** Of a state that hands its input on. */
function throughOf(one: State): Task {
  return outputAs(inputOf(one), one.state, one.place)
}

function passOf(one: State): Task {
  const { Result: result } = one.state
  if (result === undefined) return { set: `\${ ${payloadOf(one)} }` }
  return { set: `\${ ${JSON.stringify(result)} }` }
}

function taskState(one: State): readonly Task[] {
  const { state, place } = one
  mustKnow(state, [...flow, ...results, 'Resource', 'TimeoutSeconds', 'Retry', 'Catch'], place)
  const { task, raw } = taskOf({ state, place, payload: payloadOf(one), root: inputOf(one) })
  const timeout =
    state.TimeoutSeconds === undefined
      ? {}
      : { timeout: { after: { seconds: state.TimeoutSeconds } } }
  const whole = { ...task, ...timeout, ...resultOf(one, raw) }
  return guarded(one, whole)
}

/** With what the state retries and catches around it. */
function guarded(one: State, task: Task): readonly Task[] {
  const { name, state, place } = one
  const tried = withRetries(name, task, { retry: state.Retry, place: `${place}.Retry` })
  return withCatchers(name, tried, {
    catchers: state.Catch,
    place: `${place}.Catch`,
    then: thenOf(one),
  })
}

function choiceOf(one: State): readonly Task[] {
  const { name, state, place } = one
  mustKnow(state, ['Type', 'Comment', 'InputPath', 'OutputPath', 'Choices', 'Default'], place)
  const root = inputOf(one)
  const cases = listAt(state.Choices, `${place}.Choices`).map((choice, at) => {
    const where = `${place}.Choices[${at}]`
    const rule = membersAt(choice, where)
    const when = `\${ ${ruleExpression(rule, root, where)} }`
    return { [`choice ${at + 1}`]: { when, then: textAt(rule.Next, `${where}.Next`) } }
  })
  const through = throughOf(one)
  if (state.Default !== undefined) {
    const otherwise = { otherwise: { then: textAt(state.Default, `${place}.Default`) } }
    return [{ [name]: { switch: [...cases, otherwise], ...through } }]
  }
  const unmatched = `${name} unmatched`
  const raise = failOf({ Error: 'States.NoChoiceMatched', Cause: `no choice of ${name} holds` })
  return [
    { [name]: { switch: [...cases, { otherwise: { then: unmatched } }], ...through } },
    { [unmatched]: raise },
  ]
}

function waitOf(one: State): Json {
  const { state, place } = one
  if (typeof state.Seconds === 'number') return { seconds: state.Seconds }
  const where = `${place}.SecondsPath`
  return `\${ "PT\\(${pathExpression(textAt(state.SecondsPath, where), inputOf(one), where)})S" }`
}

function failOf({ Error: title = 'Failed', Cause: detail }: Members): Task {
  const type = 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime'
  const error = { type, status: 500, title, ...(detail === undefined ? {} : { detail }) }
  return { raise: { error } }
}

function parallelOf(one: State): readonly Task[] {
  const { state, place } = one
  mustKnow(state, [...flow, ...results, 'Branches', 'Retry', 'Catch'], place)
  const branches = listAt(state.Branches, `${place}.Branches`).map((branch, at) => {
    const where = `${place}.Branches[${at}]`
    const machine = membersAt(branch, where)
    return { [`branch ${at + 1}`]: { do: tasksOf(machine, { place: `${where}.`, end: 'exit' }) } }
  })
  const from =
    state.Parameters === undefined && state.InputPath === undefined
      ? {}
      : { input: { from: `\${ ${payloadOf(one)} }` } }
  return guarded(one, { ...from, fork: { branches }, ...resultOf(one) } as Task)
}

/** A loop whose results are collected in the context. */
function mapOf(one: State): readonly Task[] {
  const { name, state, place } = one
  const known = [
    'ItemsPath',
    'ItemSelector',
    'Iterator',
    'ItemProcessor',
    'MaxConcurrency',
    'Retry',
    'Catch',
  ]
  mustKnow(state, [...flow, ...results, ...known], place)
  const own = JSON.stringify(`map ${name}`)
  const processor = state.ItemProcessor === undefined ? 'Iterator' : 'ItemProcessor'
  const machine = membersAt(state[processor], `${place}.${processor}`)
  const { ItemsPath: items = '$', ItemSelector: selector = state.Parameters } = state
  const kept = `$context[${own}].input`
  const root = inputOf(one, kept)
  const each =
    selector === undefined ? '$item' : templateExpression(selector, root, `${place}.ItemSelector`)
  const where = `${place}.ItemsPath`
  const list = pathExpression(textAt(items, where), root, where)
  const body: readonly Task[] = [
    { [`${name} item`]: { set: `\${ ${each} }` } },
    {
      [`${name} states`]: {
        do: tasksOf(machine, { place: `${place}.${processor}.`, end: 'exit' }) as Json,
      },
    },
    {
      [`${name} collected`]: {
        set: '${ . }',
        export: { as: `\${ . as $result | $context | .[${own}].results += [$result] }` },
      },
    },
  ]
  const begin = {
    set: '${ . }',
    export: { as: `\${ . as $input | $context + {${own}: {input: $input, results: []}} }` },
  }
  const loop = { for: { each: 'item', at: 'index', in: `\${ ${list} }` }, do: body }
  const result = resultOf(one, `$context[${own}].results`)
  const output =
    Object.keys(result).length > 0 ? result : { output: { as: `\${ $context[${own}].results }` } }
  return [
    { [name]: begin },
    ...guarded({ ...one, name: `${name} loop` }, { ...loop, ...output } as Task),
  ]
}

/** Turns `Retry` and `Catch` of Amazon States Language into tasks that try. */

import type { Json } from '../../../base/json-rpc.ts'
import { keysText, pathKeys } from './asl-paths.ts'
import { listAt, type Members, membersAt, mustKnow, noCounterpart, textAt } from './refusal.ts'

type Task = { readonly [name: string]: Json }

/** A condition over `$error`; undefined for any error. */
function errorCondition(names: readonly Json[], place: string): string | undefined {
  if (names.includes('States.ALL')) return undefined
  const type = '($error.type | split("/") | last)'
  const conditions = names.map((name, at) => {
    const text = textAt(name, `${place}[${at}]`)
    if (text === 'States.Timeout') return `${type} == "timeout"`
    if (text === 'States.TaskFailed') return `${type} != "timeout"`
    if (text === 'States.Permissions') return `${type} == "authorization"`
    if (text.startsWith('States.'))
      throw noCounterpart(place, `${text} is no error that happens here`)
    return `$error.title == ${JSON.stringify(text)}`
  })
  return conditions.join(' or ')
}

function whenOf(condition: string | undefined): Task {
  return condition === undefined ? {} : { when: `\${ ${condition} }` }
}

/** A task that is tried again as its retriers say, the first one innermost. */
export function withRetries(
  name: string,
  task: Task,
  { retry, place }: { readonly retry: Json | undefined; readonly place: string },
): Task {
  if (retry === undefined) return task
  return listAt(retry, place).reduce<Task>((inner, one, at) => {
    const where = `${place}[${at}]`
    const retrier = membersAt(one, where)
    const known = ['ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'JitterStrategy']
    mustKnow(retrier, [...known, 'Comment'], where)
    const { IntervalSeconds = 1, MaxAttempts = 3, BackoffRate = 2 } = retrier
    if (MaxAttempts === 0) return inner
    if (BackoffRate !== 1 && BackoffRate !== 2) {
      throw noCounterpart(`${where}.BackoffRate`, `${BackoffRate} has no counterpart; 1 and 2 have`)
    }
    const errors = listAt(retrier.ErrorEquals, `${where}.ErrorEquals`)
    const policy: Task = {
      delay: { seconds: IntervalSeconds },
      backoff: BackoffRate === 1 ? { constant: {} } : { exponential: {} },
      limit: { attempt: { count: MaxAttempts } },
      ...(retrier.JitterStrategy === 'FULL'
        ? { jitter: { from: { seconds: 0 }, to: { seconds: IntervalSeconds } } }
        : {}),
    }
    const caught = { ...whenOf(errorCondition(errors, `${where}.ErrorEquals`)), retry: policy }
    return {
      try: [{ [at === 0 ? name : `${name}, try ${at}`]: inner }],
      catch: { as: 'error', ...caught },
    }
  }, task)
}

/** Tasks of a state that catches: what tries, and behind it the choice of the state that follows. */
export function withCatchers(
  name: string,
  task: Task,
  {
    catchers,
    place,
    then,
  }: { readonly catchers: Json | undefined; readonly place: string; readonly then: string },
): readonly Task[] {
  if (catchers === undefined) return [{ [name]: { ...task, then } }]
  const all = listAt(catchers, place).map((one, at) => membersAt(one, `${place}[${at}]`))
  const marker = `$context[${JSON.stringify(`caught by ${name}`)}]`
  const mark = (value: string) => `$context + {${JSON.stringify(`caught by ${name}`)}: ${value}}`
  const conditions = all.map((one, at) => {
    const where = `${place}[${at}].ErrorEquals`
    return errorCondition(listAt(one.ErrorEquals, where), where) ?? 'true'
  })
  const chosen = conditions
    .map((condition, at) => `${at === 0 ? 'if' : 'elif'} ${condition} then ${at}`)
    .join(' ')
  const results = all.map((one, at) => caughtResult(one, `${place}[${at}]`))
  const result = results
    .map((text, at) => `${at === 0 ? 'if' : 'elif'} $at == ${at} then ${text}`)
    .join(' ')
  const caught: Task = {
    set: `\${ (${chosen} else null end) as $at | ${result} else . end }`,
    export: { as: `\${ ${mark(`(${chosen} else null end)`)} }` },
  }
  const tried: Task = {
    try: [{ [name]: { ...task, export: { as: `\${ ${mark('null')} }` } } }],
    catch: {
      as: 'error',
      ...whenOf(conditions.includes('true') ? undefined : conditions.join(' or ')),
      do: [{ [`${name} caught`]: caught }],
    },
  }
  const cases: Task[] = all.map((one, at) => ({
    [`caught ${at + 1}`]: {
      when: `\${ ${marker} == ${at} }`,
      then: textAt(one.Next, `${place}[${at}].Next`),
    },
  }))
  return [{ [name]: tried }, { [`${name} next`]: { switch: [...cases, { otherwise: { then } }] } }]
}

/** What a catcher hands on: the error, or the input with the error at its `ResultPath`. */
function caughtResult(catcher: Members, place: string): string {
  mustKnow(catcher, ['ErrorEquals', 'Next', 'ResultPath', 'Comment'], place)
  const error = '{Error: $error.title, Cause: ($error.detail // "")}'
  const { ResultPath: path = '$' } = catcher
  if (path === null) return '.'
  const keys = keysText(pathKeys(textAt(path, `${place}.ResultPath`), place))
  return keys === '' ? error : `(${keys.startsWith('[') ? '.' : ''}${keys} = ${error})`
}

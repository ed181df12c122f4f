/** Turns the rules of choices of Amazon States Language into conditions in jq. */

import type { Json } from '../../../base/json-rpc.ts'
import { keysText, pathExpression, pathKeys } from './asl-paths.ts'
import { listAt, type Members, membersAt, noCounterpart, textAt } from './refusal.ts'

const operators: Readonly<Record<string, string>> = {
  Equals: '==',
  LessThan: '<',
  GreaterThan: '>',
  LessThanEquals: '<=',
  GreaterThanEquals: '>=',
}

const kinds: Readonly<Record<string, string>> = {
  IsBoolean: 'boolean',
  IsNull: 'null',
  IsNumeric: 'number',
  IsString: 'string',
}

/** A rule as a condition over what lies at `root`. */
export function ruleExpression(rule: Members, root: string, place: string): string {
  for (const [name, word] of [
    ['And', ' and '],
    ['Or', ' or '],
  ] as const) {
    if (rule[name] === undefined) continue
    const parts = listAt(rule[name], `${place}.${name}`).map((one, at) => {
      const where = `${place}.${name}[${at}]`
      return ruleExpression(membersAt(one, where), root, where)
    })
    return `(${parts.join(word)})`
  }
  if (rule.Not !== undefined) {
    const where = `${place}.Not`
    return `(${ruleExpression(membersAt(rule.Not, where), root, where)} | not)`
  }
  const path = textAt(rule.Variable, `${place}.Variable`)
  const name = Object.keys(rule).find((one) => !['Variable', 'Next', 'Comment'].includes(one))
  if (name === undefined) throw noCounterpart(place, 'has no comparison')
  return comparison({ name, operand: rule[name] ?? null, path, root, place: `${place}.${name}` })
}

interface Comparison {
  readonly name: string
  readonly operand: Json
  readonly path: string
  readonly root: string
  readonly place: string
}

function comparison({ name, operand, path, root, place }: Comparison): string {
  const value = pathExpression(path, root, place)
  const holds = (test: string) => (operand === false ? `(${test} | not)` : `(${test})`)
  if (name === 'IsPresent') return holds(presence(path, root, place))
  if (name === 'IsTimestamp') return holds(`${value} | try (fromdate | true) catch false`)
  const kind = kinds[name]
  if (kind !== undefined) return holds(`${value} | type == "${kind}"`)
  if (name === 'StringMatches') {
    return `(${value} | test(${JSON.stringify(wildcards(textAt(operand, place)))}))`
  }
  const [, type, word, isPath] =
    /^(String|Numeric|Boolean|Timestamp)(\w*?Equals|LessThan|GreaterThan)(Path)?$/.exec(name) ?? []
  const operator = operators[word ?? '']
  if (type === undefined || operator === undefined) {
    throw noCounterpart(place, `the comparison ${name} is not known here`)
  }
  const other =
    isPath === undefined
      ? JSON.stringify(operand)
      : pathExpression(textAt(operand, place), root, place)
  if (type !== 'Timestamp') return `(${value} ${operator} ${other})`
  return `((${value} | fromdate) ${operator} (${other} | fromdate))`
}

function presence(path: string, root: string, place: string): string {
  const keys = pathKeys(path, place)
  const last = keys.at(-1)
  if (last === undefined) return 'true'
  const parent = pathExpression(`$${keysText(keys.slice(0, -1))}`, root, place)
  const kind = typeof last === 'number' ? 'array' : 'object'
  return `${parent} | type == "${kind}" and has(${JSON.stringify(last)})`
}

/** `*` stands for any text; a backslash takes a sign for itself. */
function wildcards(pattern: string): string {
  const parts = [...pattern.matchAll(/\\([\s\S])|(\*)|([\s\S])/g)].map(
    ([, escaped, star, plain]) =>
      star === undefined ? (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : '.*',
  )
  return `^${parts.join('')}$`
}

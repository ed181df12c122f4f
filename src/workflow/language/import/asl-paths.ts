/** Turns the paths, templates and intrinsic functions of Amazon States Language into jq. */

import type { Json } from '../../../base/json-rpc.ts'
import { noCounterpart } from './refusal.ts'

/** What the context object `$$` has here. */
const contextPaths: Readonly<Record<string, string>> = {
  'Execution.Id': '$workflow.id',
  'Execution.Input': '$workflow.input',
  'Execution.StartTime': '$workflow.startedAt.iso8601',
  'State.Name': '$task.name',
  'State.EnteredTime': '$task.startedAt.iso8601',
  'Map.Item.Value': '$item',
  'Map.Item.Index': '$index',
}

/** The keys of a reference path; @throws AppError for wildcards, filters and slices */
export function pathKeys(path: string, place: string): readonly (string | number)[] {
  const keys: (string | number)[] = []
  let rest = path.slice(1)
  while (rest !== '') {
    const [found, field, index, quoted] =
      /^(?:\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[(\d+)\]|\[['"]([^'"\]]+)['"]\])/u.exec(rest) ?? []
    if (found === undefined) throw noCounterpart(place, `the path ${path} is no plain path`)
    keys.push(index === undefined ? (field ?? quoted ?? '') : Number(index))
    rest = rest.slice(found.length)
  }
  return keys
}

/** A path as jq, seen from `root`. */
export function pathExpression(path: string, root: string, place: string): string {
  if (path.startsWith('$$.')) {
    const [known, under] = contextOf(path.slice(3), place)
    return known + keysText(pathKeys(`$${under}`, place))
  }
  if (!path.startsWith('$')) throw noCounterpart(place, `${path} is no path`)
  return under(root, keysText(pathKeys(path, place)))
}

function contextOf(path: string, place: string): readonly [string, string] {
  const name = Object.keys(contextPaths).find((one) => path === one || path.startsWith(`${one}.`))
  if (name === undefined) throw noCounterpart(place, `$$.${path} is not known here`)
  return [contextPaths[name] ?? '', path.slice(name.length)]
}

export function keysText(keys: readonly (string | number)[]): string {
  return keys
    .map((key) =>
      typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key)
        ? `.${key}`
        : `[${JSON.stringify(key)}]`,
    )
    .join('')
}

function under(root: string, keys: string): string {
  if (keys === '') return root
  if (root === '.') return keys.startsWith('[') ? `.${keys}` : keys
  return /^\$?[\w."[\]]+$/.test(root) ? root + keys : `(${root})${keys}`
}

/** A payload template as one jq expression, in which members that end in `.$` are paths or functions. */
export function templateExpression(value: Json, root: string, place: string): string {
  if (Array.isArray(value)) {
    const items = value.map((one: Json, at) => templateExpression(one, root, `${place}[${at}]`))
    return `[${items.join(', ')}]`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, one]) => {
    const where = `${place}.${name}`
    if (!name.endsWith('.$'))
      return `${JSON.stringify(name)}: ${templateExpression(one as Json, root, where)}`
    return `${JSON.stringify(name.slice(0, -2))}: ${referenceExpression(String(one), root, where)}`
  })
  return `{${members.join(', ')}}`
}

/** A path or an intrinsic function as jq. */
function referenceExpression(text: string, root: string, place: string): string {
  if (text.startsWith('$')) return pathExpression(text, root, place)
  const [, name, inner] = /^States\.(\w+)\(([\s\S]*)\)$/.exec(text.trim()) ?? []
  if (name === undefined) throw noCounterpart(place, `${text} is neither a path nor a function`)
  const args = splitArguments(inner ?? '').map((one) => argumentExpression(one, root, place))
  const made = intrinsics[name]?.(args)
  if (made === undefined) throw noCounterpart(place, `States.${name} is not known here`)
  return made
}

function argumentExpression(text: string, root: string, place: string): string {
  const quoted = /^'((?:[^'\\]|\\.)*)'$/.exec(text)?.[1]
  if (quoted !== undefined) return JSON.stringify(quoted.replace(/\\(.)/g, '$1'))
  if (/^(-?\d+(\.\d+)?|true|false|null)$/.test(text)) return text
  return referenceExpression(text, root, place)
}

function splitArguments(text: string): readonly string[] {
  const parts: string[] = []
  let [depth, start, quoted] = [0, 0, false]
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (quoted && sign === '\\') at += 1
    else if (sign === "'") quoted = !quoted
    else if (!quoted && sign === '(') depth += 1
    else if (!quoted && sign === ')') depth -= 1
    else if (!quoted && depth === 0 && sign === ',') {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  const last = text.slice(start).trim()
  return last === '' && parts.length === 0 ? [] : [...parts, last]
}

type Intrinsic = (args: readonly string[]) => string | undefined

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Array: (args) => `[${args.join(', ')}]`,
  ArrayContains: ([list, one]) => `(${one} as $one | ${list} | any(.[]; . == $one))`,
  ArrayGetItem: ([list, at]) => `(${list} | .[${at}])`,
  ArrayLength: ([list]) => `(${list} | length)`,
  ArrayRange: ([from, to, step]) => `[range(${from}; ${to} + 1; ${step})]`,
  ArrayUnique: ([list]) => `(${list} | unique)`,
  Base64Decode: ([text]) => `(${text} | @base64d)`,
  Base64Encode: ([text]) => `(${text} | @base64)`,
  Format: ([text, ...values]) => formatted(text, values),
  JsonMerge: ([a, b]) => `(${a} + ${b})`,
  JsonToString: ([value]) => `(${value} | tojson)`,
  MathAdd: ([a, b]) => `(${a} + ${b})`,
  StringSplit: ([text, separator]) => `(${text} / ${separator})`,
  StringToJson: ([text]) => `(${text} | fromjson)`,
}

/** `States.Format('a {} b', $.x)` as a text with interpolations. */
function formatted(text: string | undefined, values: readonly string[]): string | undefined {
  if (text === undefined || !text.startsWith('"')) return undefined
  const pieces = (JSON.parse(text) as string).split('{}')
  if (pieces.length !== values.length + 1) return undefined
  const written = pieces.map((piece, at) => {
    const value = values[at]
    return JSON.stringify(piece).slice(1, -1) + (value === undefined ? '' : `\\(${value})`)
  })
  return `"${written.join('')}"`
}

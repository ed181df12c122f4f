/** Reads the text of a definition or declaration, JSON or YAML, and knows the line of each place in it. */

import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument as parseYaml,
} from 'yaml'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { type Problem, pointerOf, stepsOf } from './language/places.ts'

/** Largest definition, in characters, deepest nesting, and most values that aliases may unfold to. */
const maxLength = 256 * 1024
const maxDepth = 64
const maxAliases = 100
/** Problems that one error tells. */
const maxTold = 20

/** A definition that was read. */
export interface Definition {
  readonly value: Json
  /** The error that tells problems with their lines. */
  refuse(problems: readonly Problem[]): AppError
}

/** What is read, for its errors. */
export interface DocumentKind {
  readonly code: string
  /** Ends "bad …". */
  readonly name: string
  /** The whole of it, as the place of what concerns no part. */
  readonly whole: string
}

const workflow = { code: 'workflow/bad-definition', name: 'workflow', whole: 'the definition' }

/** Reads a document. @throws AppError with the code of its kind, `workflow/bad-definition` */
export function parseDocument(source: string | Json, kind: DocumentKind = workflow): Definition {
  const refusal = refusalOf(kind)
  if (typeof source !== 'string') {
    const definition = {
      value: source,
      refuse: (problems: readonly Problem[]) => refusal(problems),
    }
    checkDepth(source, definition.refuse)
    return definition
  }
  if (source.length > maxLength) {
    const message = `has ${source.length} characters, over the limit of ${maxLength}`
    throw refusal([{ pointer: '', message }])
  }
  const lines = new LineCounter()
  const document = parseYaml(source, {
    ...{ lineCounter: lines, version: '1.2', uniqueKeys: true, prettyErrors: false, merge: false },
  })
  const [syntax] = document.errors
  if (syntax !== undefined) {
    const at = lines.linePos(syntax.pos[0])
    throw refusal([{ pointer: '', message: `${syntax.message}; no YAML` }], () => at)
  }
  const root = document.contents
  const refuse = (problems: readonly Problem[]) =>
    refusal(problems, (pointer) => {
      const offset = offsetOf(root, stepsOf(pointer), document.contents)
      return offset === undefined ? undefined : lines.linePos(offset)
    })
  let value: Json
  try {
    value = document.toJS({ maxAliasCount: maxAliases }) as Json
  } catch (error) {
    throw refuse([{ pointer: '', message: (error as Error).message }])
  }
  checkDepth(value, refuse)
  return { value, refuse }
}

/** Where the deepest part of a place begins that is there. */
function offsetOf(node: unknown, steps: readonly string[], fallback: unknown): number | undefined {
  const own = (node as Node | null)?.range?.[0] ?? (fallback as Node | null)?.range?.[0]
  const [step, ...rest] = steps
  if (step === undefined || isAlias(node)) return own
  const { items } = (node ?? {}) as { items?: unknown[] }
  if (items === undefined) return own
  if (!isMap(node)) {
    const item = items[Number(step)]
    return item === undefined ? own : offsetOf(item, rest, node)
  }
  const pair = items.find(
    (one) => isPair(one) && isScalar(one.key) && String(one.key.value) === step,
  )
  if (!isPair(pair)) return own
  // What is wrong with a member is shown at its name, which is where one looks for it.
  return rest.length === 0 ? (pair.key as Node).range?.[0] : offsetOf(pair.value, rest, pair.key)
}

function checkDepth(value: Json, refuse: (problems: readonly Problem[]) => AppError): void {
  const open: { readonly one: Json; readonly pointer: string; readonly depth: number }[] = [
    { one: value, pointer: '', depth: 0 },
  ]
  let count = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { one, pointer, depth } = next
    count += 1
    if (depth > maxDepth) throw refuse([{ pointer, message: `is nested deeper than ${maxDepth}` }])
    if (count > maxLength)
      throw refuse([{ pointer: '', message: `has more than ${maxLength} values` }])
    if (typeof one !== 'object' || one === null) continue
    for (const [name, member] of Object.entries(one)) {
      open.push({ one: member as Json, pointer: pointer + pointerOf([name]), depth: depth + 1 })
    }
  }
}

type FindPlace = (pointer: string) => { line: number; col: number } | undefined

function refusalOf({ code, name, whole }: DocumentKind) {
  return (problems: readonly Problem[], place: FindPlace = () => undefined): AppError => {
    const told = problems.slice(0, maxTold).map(({ pointer, message }) => {
      const at = place(pointer)
      const where = at === undefined ? '' : `line ${at.line}, column ${at.col}: `
      return `${where}${spoken(pointer) || whole}: ${message}`
    })
    const more = problems.length > maxTold ? [`and ${problems.length - maxTold} more`] : []
    return new AppError({
      ...{ code, message: `bad ${name}: ${[...told, ...more].join('\n')}` },
      data: { problems: problems.slice(0, maxTold) },
    })
  }
}

/** Something wrong at a place that is given by its steps. */
export function problemAt(steps: readonly PropertyKey[], message: string): Problem {
  return { pointer: pointerOf(steps.map(String)), message }
}

/** A place as people write it: `do[2].pay.call`. */
function spoken(pointer: string): string {
  const text = stepsOf(pointer)
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join('')
  return text.replace(/^\./, '')
}

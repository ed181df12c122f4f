/** Reads declarations of projections: which table, of which events, with which columns. */

import { z } from 'zod'
import type { Json } from '../base/json-rpc.ts'
import { canonicalEvent } from '../stream/event-decoder.ts'
import { compileExpression, compileProgram } from '../stream/jq.ts'
import { parseDocument, problemAt } from '../workflow/document.ts'
import { type Dataset, datasetColumns, datasetNames } from './chain/datasets.ts'
import { type Column, columnTypes } from './column.ts'

/** Lives in which the rows of an event can become visible. */
export const projectionLives = ['pending', 'confirmed', 'safe', 'finalized'] as const
export type ProjectionLife = (typeof projectionLives)[number]

/** Most columns, sources, and columns of a key. */
const [mostColumns, mostSources, mostKeys] = [64, 64, 8]

const identifier = (most: number) =>
  z.string().regex(new RegExp(`^(?!qs_)(?!.*__)[a-z][a-z0-9_]{0,${most - 1}}$`), {
    error: `expected 1 to ${most} lower-case letters, digits and single _, a letter first, and not qs_ at the beginning`,
  })

/** An expression is compiled to be checked; its own message says where it is wrong. */
const checked = (compile: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      compile(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
    }
  })
const variables = { variables: ['event'] }
const expression = checked((text) => compileExpression(text, variables))
const program = checked((text) => compileProgram(text, variables))

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$|^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
  error: 'expected 0x and 40 hex digits, or the name of a contract of this node',
})

const contracts = z.union([address, z.array(address).min(1).max(1_000)])

const eventSource = z
  .strictObject({
    event: checked(canonicalEvent),
    contract: contracts.optional(),
    factory: z
      .strictObject({
        contract: contracts,
        event: checked(canonicalEvent),
        argument: z.string().max(256),
      })
      .optional(),
  })
  .refine((one) => one.contract === undefined || one.factory === undefined, {
    path: ['factory'],
    error: 'stands beside "contract"; right is one of the two',
  })

const column = z.strictObject({
  type: z.enum(columnTypes),
  value: expression,
  index: z.boolean().default(false),
  sum: z.boolean().default(false),
})

const shape = z
  .strictObject({
    name: identifier(32),
    description: z.string().max(1_000).optional(),
    life: z.enum(projectionLives).default('confirmed'),
    sources: z.array(eventSource).min(1).max(mostSources).optional(),
    dataset: z.enum(datasetNames).optional(),
    startBlock: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    filter: expression.optional(),
    each: program.optional(),
    key: z.array(z.string()).min(1).max(mostKeys).optional(),
    columns: z.record(identifier(40), column).optional(),
  })
  .superRefine(({ key = [], columns, sources, dataset, startBlock }, context) => {
    const wrong = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    if ((sources === undefined) === (dataset === undefined)) {
      wrong(
        ['sources'],
        'expected "sources" (events) or "dataset" (data of the chain), one of them',
      )
    }
    if (startBlock !== undefined && dataset === undefined) {
      wrong(['startBlock'], 'only a dataset has one; events come from where the listener begins')
    }
    if (columns === undefined) {
      if (dataset === undefined) wrong(['columns'], 'expected the columns of the table')
      if (key.length > 0) wrong(['key'], 'a key needs columns of the declaration')
      return
    }
    const names = Object.keys(columns)
    if (names.length === 0 || names.length > mostColumns) {
      wrong(['columns'], `expected 1 to ${mostColumns} columns`)
    }
    for (const [name, { type, sum }] of Object.entries(columns)) {
      if (!sum) continue
      if (type !== 'integer') wrong(['columns', name, 'sum'], 'only an integer can be summed up')
      if (key.length === 0) wrong(['columns', name, 'sum'], 'a sum needs a "key" to sum up by')
      if (key.includes(name)) wrong(['columns', name, 'sum'], 'a column of the key is no sum')
    }
    for (const [at, name] of key.entries()) {
      const one = columns[name]
      if (one === undefined) wrong(['key', at], `there is no column "${name}"`)
      else if (one.type === 'json') wrong(['key', at], 'a column of JSON can be no key')
      else if (key.indexOf(name) !== at) wrong(['key', at], `"${name}" is named twice`)
    }
  })

type Shape = z.infer<typeof shape>

/** A table as it is declared. */
export interface Declaration extends Omit<Shape, 'columns' | 'key'> {
  readonly columns: readonly Column[]
  /** Columns by which the latest event wins; none for a row an event. */
  readonly key: readonly string[]
}

const kind = { code: 'projection/bad-declaration', name: 'projection', whole: 'the declaration' }

/**
 * Reads a declaration, as JSON or YAML text or as JSON.
 *
 * @throws AppError `projection/bad-declaration`: each problem with line and column, place, and what would be right
 */
export function readDeclaration(source: string | Json): Declaration {
  const { value, refuse } = parseDocument(source, kind)
  const result = shape.safeParse(value)
  if (!result.success) {
    throw refuse(result.error.issues.map(({ path, message }) => problemAt(path, message)))
  }
  const { columns, key = [], ...rest } = result.data
  const declared: readonly Column[] = columns
    ? Object.entries(columns).map(([name, one]) => ({ name, ...one }))
    : datasetColumns(rest.dataset as Dataset)
  return { ...rest, columns: declared, key }
}

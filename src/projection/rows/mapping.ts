/** Makes the rows of a projection from a record: an event, or what a block holds. */

import { hash } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlValue } from '../../store/sql.ts'
import { compileExpression, compileProgram, type JsonInput } from '../../stream/jq.ts'
import type { Column } from '../column.ts'
import type { Declaration } from '../declaration.ts'
import { columnValue } from '../tables/column-values.ts'

/** What rows are made from, and where on the chain it is: no two are at the same place. */
export interface ChainRecord {
  readonly block: number
  /** Within the block. */
  readonly place: number
  /** For people: the event's id, or the like. */
  readonly id: string
  /** What expressions see. */
  readonly input: () => JsonInput
}

/** One row. */
export interface Row {
  readonly block: number
  readonly place: number
  /** Among the rows of its record. */
  readonly nth: number
  /** Digest of the values of the key; empty where there is none. */
  readonly key: string
  /** In the order of the columns, by `columnValue`. */
  readonly values: readonly SqlValue[]
}

/**
 * The rows of a record.
 *
 * @throws AppError `projection/bad-row` where an expression fails or a value does not fit, with the column
 */
export type MakeRows = (record: ChainRecord) => readonly Row[]

/** Most rows of one record; longest row, and longest value of an indexed column, in bytes. */
const [mostRows, maxRowBytes, maxIndexedBytes] = [256, 512 * 1_024, 1_024]

const plain = { variables: ['event'] }
/** What expressions see further stays exact; a column takes decimal text as well. */
const exact = { ...plain, keepsExact: true }

/** Compiles the mapping of a declaration, which is well. */
export function rowMaker({ filter, each, columns, key }: Declaration): MakeRows {
  const wants = filter === undefined ? undefined : compileExpression(filter, plain)
  const parts = each === undefined ? undefined : compileProgram(each, exact)
  const readers = columns.map((column) => columnReader(column, key.includes(column.name)))
  const keyPlaces = key.map((name) => columns.findIndex((column) => column.name === name))
  return ({ block, place, input }) => {
    const event = input()
    const given = { event }
    if (wants && !isTrue(told('filter', () => wants(event, given)))) return []
    const items = parts ? told('each', () => bounded(parts(event, given))) : [event]
    return items.map((item, nth) => {
      const values = readers.map((read) => read(item, given))
      mustBeShort(values)
      return { block, place, nth, key: keyOf(values, keyPlaces), values }
    })
  }
}

type Read = (item: JsonInput, given: Readonly<Record<string, JsonInput>>) => SqlValue

function columnReader({ name, type, value, index }: Column, isKey: boolean): Read {
  const evaluate = compileExpression(value, plain)
  return (item, given) =>
    told(`column ${name}`, () => {
      const made = columnValue(evaluate(item, given), type)
      if (isKey && made === null) throw misfit('it is of the key, and has no value')
      if (index && sizeOf(made) > maxIndexedBytes) {
        throw misfit(`a value of an index has ${maxIndexedBytes} bytes at most`)
      }
      return made
    })
}

function told<T>(what: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    const message = `${what}: ${cause.message}`
    throw new AppError({ code: 'projection/bad-row', message, cause })
  }
}

function bounded(outputs: Iterable<Json>): readonly Json[] {
  const items: Json[] = []
  for (const output of outputs) {
    if (items.length >= mostRows) throw misfit(`one event makes ${mostRows} rows at most`)
    items.push(output)
  }
  return items
}

function mustBeShort(values: readonly SqlValue[]): void {
  const bytes = values.reduce<number>((sum, value) => sum + sizeOf(value), 0)
  if (bytes > maxRowBytes) {
    const message = `the row has ${bytes} bytes, over the limit of ${maxRowBytes}`
    throw new AppError({ code: 'projection/bad-row', message })
  }
}

function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : 8
}

/** 132 bits of a digest: a key of any length, and of several columns, is one short text. */
function keyOf(values: readonly SqlValue[], places: readonly number[]): string {
  if (places.length === 0) return ''
  const text = JSON.stringify(places.map((at) => keyPart(values[at] ?? null)))
  return hash('sha256', text, 'base64url').slice(0, 22)
}

const keyPart = (value: SqlValue) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)

function isTrue(value: Json): boolean {
  return value !== null && value !== false
}

function misfit(message: string): AppError {
  return new AppError({ code: 'projection/bad-value', message })
}

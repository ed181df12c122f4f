/** Reads the fields of JSON that describes a chain, strictly, and names the one that is wrong. */

import { AppError } from '../../base/app-error.ts'
import { fromHex } from '../../base/bytes.ts'

export const maxU64 = 2n ** 64n - 1n
const maxU256 = 2n ** 256n - 1n

/** Reads values of one document; `where` names the place for the error. */
export interface JsonFields {
  /** An object with no other fields than these. */
  only(value: unknown, where: string, names: readonly string[]): Record<string, unknown>
  /** An object with any fields. */
  any(value: unknown, where: string): Record<string, unknown>
  list(value: unknown, where: string): readonly unknown[]
  /** A natural number up to `most`, as a JSON number or decimal text. */
  natural(value: unknown, where: string, most?: bigint): bigint
  /** A natural number up to `most`, as decimal or hex text, or as a JSON number. */
  quantity(value: unknown, where: string, most?: bigint): bigint
  /** Bytes as hex with 0x, of a length if one is given. */
  bytes(value: unknown, where: string, length?: number): Uint8Array
  bad(where: string, reason: string): AppError
}

/** A reader that throws AppErrors with this code, whose message begins with the document's name. */
export function jsonFields(code: string, document: string): JsonFields {
  const bad = (where: string, reason: string) =>
    new AppError({ code, message: `${document}: ${where} ${reason}` })
  const fields: JsonFields = {
    bad,
    any(value, where) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw bad(where, 'must be an object')
      }
      return value as Record<string, unknown>
    },
    only(value, where, names) {
      const object = fields.any(value, where)
      const stranger = Object.keys(object).find((name) => !names.includes(name))
      if (stranger !== undefined) throw bad(where, `has the unknown field "${stranger}"`)
      return object
    },
    list(value, where) {
      if (!Array.isArray(value)) throw bad(where, 'must be a list')
      return value
    },
    natural(value, where, most = maxU256) {
      const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      const isText = typeof value === 'string' && /^(0|[1-9]\d{0,77})$/.test(value)
      const number = isNumber || isText ? BigInt(value) : undefined
      if (number !== undefined && number <= most) return number
      throw bad(where, `must be a natural number of at most ${most}, in decimal digits`)
    },
    quantity(value, where, most = maxU256) {
      const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      const isText = typeof value === 'string' && /^(\d{1,78}|0[xX][0-9a-fA-F]{0,64})$/.test(value)
      const number =
        isNumber || isText ? BigInt(value === '0x' || value === '0X' ? 0 : value) : undefined
      if (number !== undefined && number <= most) return number
      throw bad(where, `must be a natural number of at most ${most}, in decimal or hex digits`)
    },
    bytes(value, where, length) {
      const read = hexOrNothing(value)
      if (read === undefined) throw bad(where, 'must be bytes as hex with 0x')
      if (length === undefined || read.length === length) return read
      throw bad(where, `must have ${length} bytes`)
    },
  }
  return fields
}

function hexOrNothing(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return fromHex(value)
  } catch {
    return undefined
  }
}

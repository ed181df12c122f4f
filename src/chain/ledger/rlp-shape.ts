/** Describes the shapes of plain data in RLP, so that what is encoded and what is accepted stand in one place. */

import { AppError } from '../../base/app-error.ts'
import { type RlpSource, type RlpValue, rlpBytes, rlpList, rlpNumber } from './rlp.ts'

/** How values of one kind are written and read; `name` is for the error, AppError `ledger/bad-rlp`. */
export interface RlpShape<T> {
  encode(value: T): RlpSource
  decode(value: RlpValue | undefined, name: string): T
}

/** Bytes of this length. */
export function fixedBytes(length: number): RlpShape<Uint8Array> {
  return { encode: (value) => value, decode: (value, name) => rlpBytes(value, name, length) }
}

/** Bytes of one of the accepted lengths. */
export function anyBytes(accepts: (length: number) => boolean): RlpShape<Uint8Array> {
  return {
    encode: (value) => value,
    decode(value, name) {
      const bytes = rlpBytes(value, name)
      if (accepts(bytes.length)) return bytes
      throw bad(`${name} has ${bytes.length} bytes`)
    },
  }
}

/** A natural number of at most so many bits. */
export function natural(bits: number): RlpShape<bigint> {
  return {
    encode: (value) => value,
    decode(value, name) {
      const number = rlpNumber(value, name, Math.ceil(bits / 8) * 8)
      if (number < 2n ** BigInt(bits)) return number
      throw bad(`${name} has more than ${bits} bits`)
    },
  }
}

/** A natural number up to `most`, which is below 2^53. */
export function count(most: number): RlpShape<number> {
  return {
    encode: (value) => value,
    decode(value, name) {
      const number = Number(rlpNumber(value, name, 56))
      if (number <= most) return number
      throw bad(`${name} is ${number}, over ${most}`)
    },
  }
}

/** This number and no other. */
export function exactly<const N extends number>(only: N): RlpShape<N> {
  return {
    encode: (value) => value,
    decode(value, name) {
      if (count(only).decode(value, name) === only) return only
      throw bad(`${name} is not ${only}`)
    },
  }
}

/** Any value, which another codec looks into. */
export const opaque: RlpShape<RlpValue> = {
  encode: (value) => value,
  decode(value, name) {
    if (value !== undefined) return value
    throw bad(`${name} is missing`)
  },
}

/** An integer: n as 2n, or −2n − 1 if it is negative. */
export function signed(bits: number): RlpShape<bigint> {
  return {
    encode: (value) => (value < 0n ? -2n * value - 1n : 2n * value),
    decode(value, name) {
      const folded = natural(bits).decode(value, name)
      return folded % 2n === 0n ? folded / 2n : -(folded + 1n) / 2n
    },
  }
}

/** One of some texts, by its place among them. */
export function oneOf<const T extends string>(...texts: readonly T[]): RlpShape<T> {
  const place = count(texts.length - 1)
  return {
    encode: (value) => texts.indexOf(value),
    decode: (value, name) => texts[place.decode(value, name)] as T,
  }
}

/** At most so many of one kind. */
export function listOf<T>(item: RlpShape<T>, most: number): RlpShape<readonly T[]> {
  return {
    encode: (values) => values.map((one) => item.encode(one)),
    decode(value, name) {
      const values = rlpList(value, name)
      if (values.length > most) throw bad(`${name} has ${values.length} items, over ${most}`)
      return values.map((one, at) => item.decode(one, `${name}[${at}]`))
    },
  }
}

/** A value that may be absent: the empty list then, else a list of one. */
export function optional<T>(item: RlpShape<T>): RlpShape<T | undefined> {
  const list = listOf(item, 1)
  return {
    encode: (value) => list.encode(value === undefined ? [] : [value]),
    decode: (value, name) => list.decode(value, name)[0],
  }
}

/** An object: the list of its fields in the order in which they stand here. */
export function fields<T extends object>(
  shapes: {
    readonly [Name in keyof T]: RlpShape<T[Name]>
  },
): RlpShape<T> {
  const names = Object.keys(shapes) as (keyof T & string)[]
  return {
    encode: (value) => names.map((name) => shapes[name].encode(value[name])),
    decode(value, name) {
      const values = rlpList(value, name, names.length)
      const entries = names.map((one, at) => [one, shapes[one].decode(values[at], one)])
      return Object.fromEntries(entries) as T
    },
  }
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-rlp', message: `not as it should be in RLP: ${reason}` })
}

/** Hashes structured data for signing (EIP-712). */

import { AppError } from '../base/app-error.ts'
import { concatBytes, fromBigInt, fromHex, padStart } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'

/** A field of a struct type. */
export interface TypedField {
  readonly name: string
  readonly type: string
}

/** What is to be signed, with JSON values; integers as numbers, or as text in decimal or hex. */
export interface TypedData {
  readonly types: Readonly<Record<string, readonly TypedField[]>>
  readonly primaryType: string
  readonly domain: Readonly<Record<string, unknown>>
  readonly message: Readonly<Record<string, unknown>>
}

/** Structs and lists within each other, and fields and items in all. */
const [mostLevels, mostValues] = [64, 100_000]

/** Fields of the domain that may be, in their order (EIP-712, "Definition of domainSeparator"). */
const domainFields: readonly TypedField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]

/**
 * The hash that is signed.
 *
 * @throws AppError `crypto/bad-typed-data` for types that are unknown, and values that do not fit theirs
 */
export function typedDataHash(data: TypedData): Uint8Array {
  const { domain, message, primaryType } = data
  const types = { ...data.types, EIP712Domain: signedDomain(data) }
  const encoder = new Encoder(types)
  const domainHash = encoder.struct('EIP712Domain', domain, 0)
  const isDomain = primaryType === 'EIP712Domain'
  const messageHash = isDomain ? new Uint8Array() : encoder.struct(primaryType, message, 0)
  return keccak256(concatBytes(Uint8Array.of(0x19, 0x01), domainHash, messageHash))
}

/** Fields of the domain that are signed: those of its type, or else those of the standard that it has. */
export function signedDomain({
  types,
  domain,
}: Pick<TypedData, 'types' | 'domain'>): readonly TypedField[] {
  return types.EIP712Domain ?? domainFields.filter(({ name }) => domain[name] !== undefined)
}

class Encoder {
  readonly #types: TypedData['types']
  readonly #typeHashes = new Map<string, Uint8Array>()
  #values = 0

  constructor(types: TypedData['types']) {
    this.#types = types
  }

  /** hashStruct */
  struct(type: string, value: unknown, level: number): Uint8Array {
    if (level > mostLevels) throw bad(`more than ${mostLevels} levels`)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw bad(`expected an object for ${type}`)
    const fields = value as Readonly<Record<string, unknown>>
    const words = this.#fieldsOf(type).map((field) =>
      this.#word(field.type, Object.hasOwn(fields, field.name) ? fields[field.name] : undefined, {
        ...{ name: `${type}.${field.name}`, level },
      }),
    )
    return keccak256(concatBytes(this.#typeHash(type), ...words))
  }

  #word(
    type: string,
    value: unknown,
    place: { readonly name: string; readonly level: number },
  ): Uint8Array {
    this.#values += 1
    if (this.#values > mostValues) throw bad(`more than ${mostValues} values`)
    const list = /^(.*)\[(\d*)\]$/.exec(type)
    if (list) return this.#list({ item: list[1] ?? '', length: list[2] ?? '' }, value, place)
    if (!Object.hasOwn(this.#types, type)) return atomic(type, value, place.name)
    // A struct that is not there counts as zero.
    if (value === undefined || value === null) return new Uint8Array(32)
    return this.struct(type, value, place.level + 1)
  }

  #list(
    type: { readonly item: string; readonly length: string },
    value: unknown,
    { name, level }: { readonly name: string; readonly level: number },
  ): Uint8Array {
    if (level > mostLevels) throw bad(`more than ${mostLevels} levels`)
    if (!Array.isArray(value)) throw bad(`${name}: expected a list`)
    if (type.length !== '' && value.length !== Number(type.length))
      throw bad(`${name}: expected ${type.length} items, got ${value.length}`)
    const place = { name: `${name}[]`, level: level + 1 }
    return keccak256(concatBytes(...value.map((item) => this.#word(type.item, item, place))))
  }

  #fieldsOf(type: string): readonly TypedField[] {
    const fields = Object.hasOwn(this.#types, type) ? this.#types[type] : undefined
    if (!fields) throw bad(`the type ${JSON.stringify(type)} is not defined`)
    return fields
  }

  #typeHash(type: string): Uint8Array {
    const known = this.#typeHashes.get(type)
    if (known) return known
    const needed = new Set<string>()
    this.#collect(type, needed)
    needed.delete(type)
    const text = [type, ...[...needed].sort()]
      .map((one) => {
        const fields = this.#fieldsOf(one).map((field) => `${field.type} ${field.name}`)
        return `${one}(${fields.join(',')})`
      })
      .join('')
    const hash = keccak256(new TextEncoder().encode(text))
    this.#typeHashes.set(type, hash)
    return hash
  }

  /** All struct types that a type is made of. */
  #collect(type: string, found: Set<string>): void {
    const waiting = [type]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const plain = next.replace(/(\[\d*\])+$/, '')
      if (found.has(plain) || !Object.hasOwn(this.#types, plain)) continue
      found.add(plain)
      waiting.push(...this.#fieldsOf(plain).map((field) => field.type))
    }
  }
}

/** encodeData of a type that is no struct and no list. */
function atomic(type: string, value: unknown, name: string): Uint8Array {
  if (type === 'string') {
    if (typeof value !== 'string') throw bad(`${name}: expected text`)
    return keccak256(new TextEncoder().encode(value))
  }
  if (type === 'bytes') return keccak256(bytesOf(value, name))
  if (type === 'bool') {
    if (typeof value !== 'boolean') throw bad(`${name}: expected true or false`)
    return padStart(Uint8Array.of(Number(value)), 32)
  }
  if (type === 'address') {
    const address = bytesOf(value, name)
    if (address.length !== 20) throw bad(`${name}: expected an address of 20 bytes`)
    return padStart(address, 32)
  }
  const fixed = /^bytes([1-9]|[12]\d|3[0-2])$/.exec(type)
  if (fixed) {
    const bytes = bytesOf(value, name)
    if (bytes.length !== Number(fixed[1])) throw bad(`${name}: expected ${fixed[1]} bytes`)
    const word = new Uint8Array(32)
    word.set(bytes)
    return word
  }
  return integer(type, value, name)
}

function integer(type: string, value: unknown, name: string): Uint8Array {
  const [, sign, width] = /^(u?)int(\d*)$/.exec(type) ?? []
  const bits = width === '' ? 256 : Number(width)
  if (sign === undefined || bits < 8 || bits > 256 || bits % 8 !== 0)
    throw bad(`${name}: the type ${JSON.stringify(type)} is not known`)
  const number = numberOf(value, name)
  const [low, high] = sign === 'u' ? [0n, 1n << BigInt(bits)] : signedRange(BigInt(bits))
  if (number < low || number >= high) throw bad(`${name}: ${number} does not fit ${type}`)
  return padStart(fromBigInt(BigInt.asUintN(256, number)), 32)
}

function signedRange(bits: bigint): readonly [bigint, bigint] {
  return [-(1n << (bits - 1n)), 1n << (bits - 1n)]
}

function numberOf(value: unknown, name: string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  const isText = typeof value === 'string' && /^-?(\d{1,80}|0x[0-9a-fA-F]{1,64})$/.test(value)
  if (!isText) throw bad(`${name}: expected a whole number`)
  return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value)
}

function bytesOf(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value)) return fromHex(value)
  throw bad(`${name}: expected bytes in hex`)
}

function bad(message: string): AppError {
  return new AppError({ code: 'crypto/bad-typed-data', message: `typed data: ${message}` })
}

/** Keeps contract code: in memory while it is new, then in the checkpoint's file. */

import { AppError } from '../../../base/app-error.ts'
import type { Hash } from '../../ledger/transaction.ts'
import type { PieceSource } from '../state.ts'
import { PieceCache } from './piece-cache.ts'

/** Bytes of code that is kept after it was read. */
const maxCachedBytes = 32 * 1024 * 1024
/** Hash, then position f64. */
const entryBytes = 40

/** Where codes lie in a file, by hash in hex. */
export type CodePositions = ReadonlyMap<string, number>

/** Code by its hash. */
export class CodeBook {
  readonly #new = new Map<string, Uint8Array>()
  readonly #cache = new PieceCache<string>(maxCachedBytes)
  #positions: CodePositions = new Map()
  #source: PieceSource | undefined

  add(hash: Hash, code: Uint8Array): void {
    const name = hash.toHex()
    if (!this.#positions.has(name)) this.#new.set(name, code)
  }

  /** @throws AppError `state/unknown-code` */
  code(hash: Hash): Uint8Array {
    return this.#byName(hash.toHex())
  }

  /** Appends all codes to a file. */
  *write(append: (piece: Uint8Array) => number): Generator<number, CodePositions> {
    const positions = new Map<string, number>()
    for (const name of [...this.#positions.keys(), ...this.#new.keys()]) {
      positions.set(name, append(this.#byName(name)))
      yield 1
    }
    return positions
  }

  /** Reads from a file what lies in it from now on. */
  open(source: PieceSource, positions: CodePositions): void {
    this.#source = source
    this.#positions = positions
    for (const name of positions.keys()) this.#new.delete(name)
  }

  #byName(name: string): Uint8Array {
    const known = this.#new.get(name) ?? this.#cache.get(name)
    if (known) return known
    const position = this.#positions.get(name)
    if (position === undefined || this.#source === undefined) {
      const message = `the state has no code with the hash 0x${name}`
      throw new AppError({ code: 'state/unknown-code', message })
    }
    const code = this.#source.read(position)
    this.#cache.set(name, code)
    return code
  }
}

/** The table of codes as it stands in a file. */
export function encodePositions(positions: CodePositions): Uint8Array {
  const bytes = new Uint8Array(positions.size * entryBytes)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [name, position] of positions) {
    bytes.set(Uint8Array.fromHex(name), at)
    view.setFloat64(at + 32, position, true)
    at += entryBytes
  }
  return bytes
}

/** Reads the table of codes. */
export function decodePositions(bytes: Uint8Array): CodePositions {
  const positions = new Map<string, number>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length; at += entryBytes) {
    positions.set(bytes.subarray(at, at + 32).toHex(), view.getFloat64(at + 32, true))
  }
  return positions
}

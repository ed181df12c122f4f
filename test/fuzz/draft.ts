/** Writes one contract of random pieces, knowing how many words lie on the stack. */

import type { Hardfork } from '../../src/chain/ledger/fork-rules.ts'
import type { Chance } from './chance.ts'
import type { Item, Piece } from './code.ts'
import { type Opcodes, opcodesOf } from './opcodes.ts'

/** What a program may name. */
export interface Surroundings {
  readonly fork: Hardfork
  /** Accounts that it looks at and calls. */
  readonly addresses: readonly Uint8Array[]
}

/** A contract in the making. */
export class Draft {
  readonly chance: Chance
  readonly opcodes: Opcodes
  readonly #addresses: readonly Uint8Array[]
  /** Words on the stack if all went well. */
  depth = 0
  #targets = 0

  constructor(chance: Chance, { fork, addresses }: Surroundings) {
    this.chance = chance
    this.opcodes = opcodesOf(fork)
    this.#addresses = addresses
  }

  /** A number for a target within a piece. */
  target(): number {
    this.#targets += 1
    return this.#targets
  }

  /** An opcode that takes and gives words. */
  op(code: number, takes: number, gives = 0): Item[] {
    this.depth += gives - takes
    return [code]
  }

  /** Pushes a number, mostly with the shortest opcode. */
  push(value: bigint): Item[] {
    this.depth += 1
    const digits = value.toString(16)
    const bytes =
      value === 0n ? [] : [...Uint8Array.fromHex(digits.length % 2 ? `0${digits}` : digits)]
    const room = 32 - bytes.length
    const more = bytes.length === 0 && !this.opcodes.has('shanghai') ? 1 : 0
    const zeros = this.chance.oneIn(12) ? this.chance.below(room + 1) : more
    const whole = [...Array(Math.max(zeros, more)).fill(0), ...bytes]
    return [0x5f + whole.length, ...whole]
  }

  pushBytes(bytes: Uint8Array): Item[] {
    this.depth += 1
    return [0x5f + bytes.length, ...bytes]
  }

  /** Any one word. */
  value(): Item[] {
    const { chance, opcodes } = this
    switch (chance.below(16)) {
      case 0:
      case 1:
        return this.op(chance.pick(opcodes.telling), 0, 1)
      case 2:
        return [...this.push(BigInt(chance.below(70))), ...this.op(0x35, 1, 1)]
      case 3:
        return [...this.push(BigInt(chance.below(6))), ...this.op(0x54, 1, 1)]
      case 4:
        return [...this.offset(), ...this.op(0x51, 1, 1)]
      case 5:
      case 6:
      case 7:
        if (this.depth > 0) return this.op(0x80 + chance.below(Math.min(this.depth, 16)), 0, 1)
        return this.push(chance.word())
      default:
        return this.push(chance.word())
    }
  }

  /** A place in memory: near, now and then far, rarely unaffordable. */
  offset(): Item[] {
    const { chance } = this
    if (chance.oneIn(1_500)) return this.push(chance.word())
    return this.push(BigInt(chance.below(chance.oneIn(20) ? 3_000 : 160)))
  }

  /** A length: often none. */
  length(): Item[] {
    const { chance } = this
    if (chance.oneIn(1_500)) return this.push(chance.word())
    if (chance.oneIn(5)) return this.push(0n)
    return this.push(BigInt(chance.below(chance.oneIn(20) ? 2_000 : 100)))
  }

  address(): Item[] {
    const { chance } = this
    if (chance.oneIn(25)) return this.value()
    if (chance.oneIn(12)) return this.op(chance.pick([0x30, 0x32, 0x33, 0x41]), 0, 1)
    const address = chance.pick(this.#addresses)
    // With surplus bits on top, which are to be ignored.
    if (chance.oneIn(25)) return this.pushBytes(Uint8Array.of(...chance.bytes(12), ...address))
    return this.push(BigInt(`0x${address.toHex()}`))
  }

  /** Puts the top word somewhere. */
  sink(): Item[] {
    const { chance, opcodes } = this
    switch (chance.below(9)) {
      case 0:
      case 1:
      case 2:
        return [...this.push(BigInt(chance.below(6))), ...this.op(0x55, 2)]
      case 3:
        return [...this.offset(), ...this.op(0x52, 2)]
      case 4:
        return [...this.push(BigInt(chance.below(160))), ...this.op(0x53, 2)]
      case 5:
        return [...this.offset(), ...this.length(), 0x90, ...this.op(0xa1, 3)]
      case 6:
        if (!opcodes.has('cancun')) return this.op(0x50, 1)
        return [...this.push(BigInt(chance.below(4))), ...this.op(0x5d, 2)]
      default:
        return this.depth < 20 ? [] : this.op(0x50, 1)
    }
  }

  /** Pieces whose words on the stack stay among themselves, so that they may be left out or repeated. */
  inner(write: (draft: Draft) => Piece, count: number): Item {
    const before = this.depth
    const body: Piece[] = []
    for (let at = 0; at < count; at += 1) body.push(write(this))
    const surplus = this.depth - before
    if (surplus > 0) body.push(Array(surplus).fill(0x50))
    else if (surplus < 0) body.push(Array.from({ length: -surplus }, () => 0x5a))
    this.depth = before
    return { body }
  }
}

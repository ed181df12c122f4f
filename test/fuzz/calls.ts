/** Draws the pieces of a random program that call and create contracts, precompiles among them. */

import type { Item } from './code.ts'
import type { Draft } from './draft.ts'
import { precompileInput } from './precompile-input.ts'

/** Gas that a call is given. */
function gas(draft: Draft): Item[] {
  const { chance, opcodes } = draft
  if (!opcodes.has('tangerine-whistle') && chance.oneIn(3)) {
    // Nothing is kept back before EIP-150: calls can go down to the bottom.
    const kept = draft.push(BigInt(500 + chance.below(3_000)))
    return [...kept, ...draft.op(0x5a, 0, 1), ...draft.op(0x03, 2, 1)]
  }
  if (chance.oneIn(6)) return draft.op(0x5a, 0, 1)
  if (chance.oneIn(20)) return draft.push(chance.word())
  // A part of what is left, or contracts that call each other would use up everything.
  if (chance.oneIn(2)) {
    const parts = draft.push(BigInt(2 + chance.below(6)))
    return [...parts, ...draft.op(0x5a, 0, 1), ...draft.op(0x04, 2, 1)]
  }
  return draft.push(BigInt(chance.below(chance.oneIn(3) ? 3_000 : 60_000)))
}

function value(draft: Draft): Item[] {
  const { chance } = draft
  if (chance.oneIn(3)) return draft.push(BigInt(chance.below(3)))
  return chance.oneIn(20) ? draft.push(chance.word()) : draft.push(0n)
}

/** Stores bytes in memory, word by word. */
export function storeBytes(draft: Draft, bytes: Uint8Array, at: number): Item[] {
  const items: Item[] = []
  for (let from = 0; from < bytes.length; from += 32) {
    const word = new Uint8Array(32)
    word.set(bytes.subarray(from, from + 32))
    items.push(...draft.push(BigInt(`0x${word.toHex()}`)))
    items.push(...draft.push(BigInt(at + from)), ...draft.op(0x52, 2))
  }
  return items
}

/** What is done with the success of a call, and with what it returned. */
function afterCall(draft: Draft): Item[] {
  const items = draft.sink()
  if (!draft.opcodes.has('byzantium') || draft.chance.oneIn(2)) return items
  items.push(...draft.op(0x3d, 0, 1), ...draft.sink())
  if (draft.chance.oneIn(2)) return items
  const size = draft.op(0x3d, 0, 1)
  items.push(...size, ...draft.push(0n), ...draft.offset(), ...draft.op(0x3e, 3))
  return items
}

/** A call of any kind; outputs and inputs lie near. */
export function callPiece(draft: Draft): Item[] {
  if (draft.chance.oneIn(5)) return precompilePiece(draft)
  const place = [...draft.length(), ...draft.offset(), ...draft.length(), ...draft.offset()]
  return [...place, ...callOf(draft, () => draft.address()), ...afterCall(draft)]
}

/** The opcode, with address, value and gas; lengths and offsets lie there already. */
function callOf(draft: Draft, address: () => Item[]): Item[] {
  const codes = [0xf1, 0xf1, 0xf1, 0xf2]
  if (draft.opcodes.has('homestead')) codes.push(0xf4, 0xf4)
  if (draft.opcodes.has('byzantium')) codes.push(0xfa, 0xfa)
  const code = draft.chance.pick(codes)
  const hasValue = code === 0xf1 || code === 0xf2
  const sent = hasValue ? value(draft) : []
  const target = address()
  const given = gas(draft)
  return [...sent, ...target, ...given, ...draft.op(code, hasValue ? 7 : 6, 1)]
}

function precompilePiece(draft: Draft): Item[] {
  const { address, input } = precompileInput(draft.chance)
  const items = storeBytes(draft, input, 0)
  const output = [...draft.push(BigInt(draft.chance.below(100))), ...draft.offset()]
  const place = [...output, ...draft.push(BigInt(input.length)), ...draft.push(0n)]
  const call = callOf(draft, () => draft.push(BigInt(address)))
  return [...items, ...place, ...call, ...afterCall(draft)]
}

/** Creation code, by what it does. */
const creations: readonly string[] = [
  '', // nothing: an account without code
  '60006000f3',
  '60016000f3', // code that is a STOP
  '600080fd',
  'fe',
  '6001600055', // a slot, and no code
  '600160005560015f5260205ff3',
  '60ef60005360016000f3', // code that begins with ef is refused
  '33ff', // destroys itself
  '6133ff6000526002601ef3', // code that destroys itself
  '6860005460010160005560005260096017f3', // code that counts its calls
  '5b600056', // runs until its gas is gone
  '6160006000f3', // too dear
  '3d3d3d3d305af1', // calls itself, which has no code yet
  '5a60005260206000f3', // gas as code
]

/** Puts creation code into memory and tells where: a number of bytes from 0. */
function creationCode(draft: Draft): { items: Item[]; length: number } {
  const { chance } = draft
  if (!chance.oneIn(4)) {
    const code = Uint8Array.fromHex(chance.pick(creations))
    return { items: storeBytes(draft, code, 0), length: code.length }
  }
  // Code of somebody else.
  const copied = [...draft.push(BigInt(chance.below(80))), ...draft.push(0n), ...draft.push(0n)]
  const items = [...copied, ...draft.address(), ...draft.op(0x3c, 4)]
  return { items, length: chance.below(90) }
}

/** Creates a contract, and now and then calls it. */
export function createPiece(draft: Draft): Item[] {
  const { chance, opcodes } = draft
  const { items, length } = creationCode(draft)
  const isSalted = opcodes.has('constantinople') && chance.oneIn(2)
  const salt = isSalted ? draft.push(BigInt(chance.below(3))) : []
  const place = [...draft.push(BigInt(length)), ...draft.push(0n)]
  const sent = value(draft)
  const create = isSalted ? draft.op(0xf5, 4, 1) : draft.op(0xf0, 3, 1)
  return [...items, ...salt, ...place, ...sent, ...create, ...afterCreate(draft)]
}

function afterCreate(draft: Draft): Item[] {
  if (draft.chance.oneIn(2)) return draft.sink()
  // Calls what was created, which lies below five zeros, with all gas.
  const zeros = [0, 1, 2, 3, 4].flatMap(() => draft.push(0n))
  const target = draft.op(0x85, 0, 1)
  const call = [...draft.op(0x5a, 0, 1), ...draft.op(0xf1, 7, 1)]
  return [...zeros, ...target, ...call, ...draft.sink(), ...draft.op(0x50, 1)]
}

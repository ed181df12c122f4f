/** Draws the pieces of a random program: arithmetic, memory, storage, jumps, logs and looks at the surroundings. */

import { callPiece, createPiece } from './calls.ts'
import type { Item, Piece } from './code.ts'
import type { Draft } from './draft.ts'

type Writer = (draft: Draft) => Item[]

const arithmetic: Writer = (draft) => {
  const [code, words] = draft.chance.pick(draft.opcodes.plain)
  const items: Item[] = []
  for (let at = 0; at < words; at += 1) items.push(...draft.value())
  return [...items, ...draft.op(code, words, 1), ...draft.sink()]
}

/** A chain of opcodes on what lies there, as compilers write them. */
const chain: Writer = (draft) => {
  const items = [...draft.value(), ...draft.value()]
  for (let left = 2 + draft.chance.below(8); left > 0; left -= 1) {
    const [code, words] = draft.chance.pick(draft.opcodes.plain)
    while (draft.depth < words) items.push(...draft.value())
    items.push(...draft.op(code, words, 1))
    if (draft.depth < 2 || draft.chance.oneIn(2)) items.push(...draft.value())
    else if (draft.chance.oneIn(3)) items.push(0x90)
  }
  return [...items, ...draft.sink()]
}

const looks: Writer = (draft) => {
  const { chance, opcodes } = draft
  const codes = [0x31, 0x3b, ...(opcodes.has('constantinople') ? [0x3f] : [])]
  return [...draft.address(), ...draft.op(chance.pick(codes), 1, 1), ...draft.sink()]
}

const tellsBlock: Writer = (draft) => {
  const { chance, opcodes } = draft
  if (opcodes.has('cancun') && chance.oneIn(2)) {
    const at = chance.oneIn(4) ? draft.value() : draft.push(BigInt(chance.below(4)))
    return [...at, ...draft.op(0x49, 1, 1), ...draft.sink()]
  }
  if (chance.oneIn(4)) return [...draft.value(), ...draft.op(0x40, 1, 1), ...draft.sink()]
  const back = draft.push(BigInt(chance.below(260)))
  const number = draft.op(0x43, 0, 1)
  return [...back, ...number, ...draft.op(0x03, 2, 1), ...draft.op(0x40, 1, 1), ...draft.sink()]
}

const tells: Writer = (draft) => [
  ...draft.op(draft.chance.pick(draft.opcodes.telling), 0, 1),
  ...draft.sink(),
]

const copies: Writer = (draft) => {
  const { chance, opcodes } = draft
  const items = [...draft.length(), ...draft.offset(), ...draft.offset()]
  const codes = [0x37, 0x39, 0x3c, ...(opcodes.has('byzantium') ? [0x3e] : [])]
  if (opcodes.has('cancun')) codes.push(0x5e, 0x5e)
  const code = chance.pick(codes)
  if (code === 0x3c) return [...items, ...draft.address(), ...draft.op(0x3c, 4)]
  if (code !== 0x3e) return [...items, ...draft.op(code, 3)]
  // What lies there, since one byte too many ends everything.
  draft.depth -= 3
  if (chance.oneIn(6)) return [...items, 0x3e]
  const size = draft.op(0x3d, 0, 1)
  return [...size, ...draft.push(0n), ...draft.offset(), ...draft.op(0x3e, 3)]
}

const hash: Writer = (draft) => [
  ...draft.length(),
  ...draft.offset(),
  ...draft.op(0x20, 2, 1),
  ...draft.sink(),
]

const stores: Writer = (draft) => {
  const { chance, opcodes } = draft
  const slot = () =>
    chance.oneIn(10) ? draft.push(chance.word()) : draft.push(BigInt(chance.below(6)))
  const [load, store] = opcodes.has('cancun') && chance.oneIn(3) ? [0x5c, 0x5d] : [0x54, 0x55]
  if (chance.oneIn(3)) return [...slot(), ...draft.op(load, 1, 1), ...draft.sink()]
  const value = chance.oneIn(2) ? draft.push(BigInt(chance.below(3))) : draft.value()
  return [...value, ...slot(), ...draft.op(store, 2)]
}

const log: Writer = (draft) => {
  const topics = draft.chance.below(5)
  const items: Item[] = []
  for (let at = 0; at < topics; at += 1) items.push(...draft.value())
  const place = [...draft.length(), ...draft.offset()]
  return [...items, ...place, ...draft.op(0xa0 + topics, topics + 2)]
}

const moves: Writer = (draft) => {
  const items: Item[] = []
  for (let left = 1 + draft.chance.below(6); left > 0; left -= 1) {
    const most = Math.min(draft.depth, 16)
    if (most < 2 || draft.chance.oneIn(3)) items.push(...draft.value())
    else if (draft.chance.oneIn(2)) items.push(0x90 + draft.chance.below(most - 1))
    else items.push(...draft.op(0x80 + draft.chance.below(most), 0, 1))
  }
  return items
}

/** Reaches deep into a stack of its own. */
const deep: Writer = (draft) => {
  const { chance } = draft
  const items = Array.from({ length: 17 }, () => draft.value()).flat()
  for (let left = 1 + chance.below(6); left > 0; left -= 1) {
    items.push(chance.oneIn(2) ? 0x98 + chance.below(8) : 0x50)
    items.push(...(items.at(-1) === 0x50 ? [0x88 + chance.below(8)] : []))
  }
  const pops = Array.from({ length: 16 }, () => draft.op(0x50, 1)).flat()
  return [...items, ...pops, ...draft.sink()]
}

/** Jumps over pieces, or not. */
const branch: Writer = (draft) => {
  const target = draft.target()
  const { chance } = draft
  const items = draft.value()
  if (chance.oneIn(2)) {
    items.push(...draft.value(), ...draft.op(chance.pick([0x10, 0x11, 0x12, 0x13, 0x14]), 2, 1))
    if (chance.oneIn(2)) items.push(0x15)
  }
  draft.depth -= 1
  const body = draft.inner(piece, 1 + chance.below(3))
  return [...items, { push: target }, 0x57, body, { target }]
}

/** Runs pieces a few times. */
const loop: Writer = (draft) => {
  const target = draft.target()
  const times = draft.push(BigInt(1 + draft.chance.below(draft.chance.oneIn(10) ? 40 : 5)))
  const body = draft.inner(piece, 1 + draft.chance.below(3))
  draft.depth -= 1
  // The counter lies on top: one less, again unless it is zero.
  return [...times, { target }, body, 0x60, 1, 0x90, 0x03, 0x80, { push: target }, 0x57, 0x50]
}

/** Jumps to a place that was computed. */
const computed: Writer = (draft) => {
  const target = draft.target()
  const body = draft.inner(piece, 1)
  const far = draft.chance.word()
  draft.depth += 1
  const masked = [...draft.push(far), ...draft.push(far), 0x18]
  draft.depth -= 3
  return [{ push: target }, ...masked, 0x01, 0x56, body, { target }]
}

/** Bytes without sense: unknown opcodes, too few words, jumps to nowhere. */
const noise: Writer = (draft) => {
  const { chance } = draft
  if (chance.oneIn(3)) return [...draft.value(), ...draft.op(chance.pick([0x56, 0x57]), 1)]
  if (chance.oneIn(3)) return [chance.pick([0x0c, 0x1f, 0x21, 0x4b, 0xa5, 0xef, 0xfb, 0xfe])]
  return [...chance.bytes(1 + chance.below(4))]
}

const writers: readonly (readonly [number, Writer])[] = [
  ...([
    [20, arithmetic],
    [8, chain],
    [5, looks],
    [4, tellsBlock],
    [6, tells],
  ] as const),
  ...([
    [7, copies],
    [4, hash],
    [10, stores],
    [4, log],
    [4, moves],
  ] as const),
  ...([
    [1, deep],
    [5, branch],
    [3, loop],
    [1, computed],
    [12, callPiece],
    [4, createPiece],
  ] as const),
]

/** Any piece. */
export function piece(draft: Draft): Piece {
  return draft.chance.oneIn(300) ? noise(draft) : draft.chance.weighted(writers)(draft)
}

/** How a contract ends: the last of its pieces. */
export function ending(draft: Draft): Piece {
  const { chance } = draft
  const place = () => [...draft.length(), ...draft.offset()]
  switch (chance.below(12)) {
    case 0:
      return []
    case 1:
      return [0x00]
    case 2:
      return [...place(), draft.opcodes.has('byzantium') ? 0xfd : 0xf3]
    case 3:
      return [...draft.address(), 0xff]
    case 4:
      return chance.oneIn(3) ? [0xfe] : [0x00]
    default:
      return [...place(), 0xf3]
  }
}

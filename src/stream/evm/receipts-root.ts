/** Computes the root of a block's receipts, which its header holds. */

import { toRlp } from 'viem'
import { fromHex, type Hex, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { badAnswer, bytesOf, type Fields, logContent, numberOf } from './evm-answers.ts'

/** An item of RLP: bytes, or a list of items. */
type Item = Uint8Array | Item[]
/** Nibbles of a key, and the value. */
type Leaf = readonly [path: readonly number[], value: Uint8Array]

const method = 'eth_getBlockReceipts'

/**
 * Root of receipts as JSON-RPC gives them, in the order of their transactions.
 *
 * @throws AppError `stream/bad-answer`
 * @see Yellow Paper 4.4.1 and appendix D, EIP-2718
 */
export function receiptsRoot(receipts: readonly Fields[]): Hex {
  return orderedRoot(receipts.map(encodedReceipt))
}

/** Root of the trie that holds each value under the RLP of its place. */
function orderedRoot(values: readonly Uint8Array[]): Hex {
  if (values.length === 0) return toHex(keccak256(toRlp(new Uint8Array(), 'bytes')))
  const leaves = values.map((value, at): Leaf => [nibblesOf(keyOf(at)), value])
  return toHex(keccak256(toRlp(nodeOf(leaves, 0) as never, 'bytes')))
}

function encodedReceipt(receipt: Fields): Uint8Array {
  const { logs, type, root, status } = receipt
  if (!Array.isArray(logs)) throw badAnswer(method, 'no logs')
  // Before Byzantium a root stood in place of the status.
  const outcome = status === undefined ? bytesOf(root, method) : short(numberOf(status, method))
  const body = [
    typeof outcome === 'string' ? fromHex(outcome) : outcome,
    short(numberOf(receipt.cumulativeGasUsed, method)),
    fromHex(bytesOf(receipt.logsBloom, method)),
    logs.map((log) => {
      const { address, topics, data } = logContent(log as Fields, method)
      return [fromHex(address), topics.map(fromHex), fromHex(data)]
    }),
  ]
  const encoded = toRlp(body as never, 'bytes')
  const kind = type === undefined ? 0 : numberOf(type, method)
  return kind === 0 ? encoded : new Uint8Array([kind, ...encoded])
}

function keyOf(place: number): Uint8Array {
  return toRlp(short(place), 'bytes')
}

/** Shortest big-endian bytes. */
function short(value: number): Uint8Array {
  if (value === 0) return new Uint8Array()
  const digits = value.toString(16)
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`)
}

function nibblesOf(bytes: Uint8Array): readonly number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15])
}

/** The node of leaves that share the first `depth` nibbles. */
function nodeOf(leaves: readonly Leaf[], depth: number): Item[] {
  const [only] = leaves
  if (only && leaves.length === 1) return [packed(only[0].slice(depth), true), only[1]]
  const shared = sharedFrom(leaves, depth)
  if (shared > depth) {
    const path = (only as Leaf)[0].slice(depth, shared)
    return [packed(path, false), referenceOf(nodeOf(leaves, shared))]
  }
  const children = Array.from({ length: 16 }, (_, nibble): Item => {
    const below = leaves.filter(([path]) => path[depth] === nibble)
    return below.length === 0 ? new Uint8Array() : referenceOf(nodeOf(below, depth + 1))
  })
  const here = leaves.find(([path]) => path.length === depth)
  return [...children, here?.[1] ?? new Uint8Array()]
}

/** How far all paths agree. */
function sharedFrom(leaves: readonly Leaf[], depth: number): number {
  const [first] = leaves[0] as Leaf
  let at = depth
  while (at < first.length && leaves.every(([path]) => path[at] === first[at])) at += 1
  return at
}

/** Nodes shorter than a hash stand in their parent as they are. */
function referenceOf(node: Item[]): Item {
  const encoded = toRlp(node as never, 'bytes')
  return encoded.length < 32 ? node : keccak256(encoded)
}

/** Nibbles as bytes, with what they are and whether they are odd in front. */
function packed(path: readonly number[], isLeaf: boolean): Uint8Array {
  const flag = (isLeaf ? 2 : 0) + (path.length % 2)
  const nibbles = path.length % 2 === 0 ? [flag, 0, ...path] : [flag, ...path]
  return Uint8Array.from({ length: nibbles.length / 2 }, (_, at) => {
    return ((nibbles[at * 2] as number) << 4) | (nibbles[at * 2 + 1] as number)
  })
}

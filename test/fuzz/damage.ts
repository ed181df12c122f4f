/** Damages bytes and texts at random places. */

import type { Chance } from './chance.ts'

/** A changed, cut, doubled or spliced copy; `other` lends a part. */
export function damaged(chance: Chance, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const list = [...bytes]
  for (let left = 1 + chance.below(4); left > 0; left -= 1) {
    const at = chance.below(list.length + 1)
    switch (chance.below(6)) {
      case 0:
        list[at] = chance.below(256)
        break
      case 1:
        list[at] = (list[at] ?? 0) ^ (1 << chance.below(8))
        break
      case 2:
        list.splice(at, 1 + chance.below(8))
        break
      case 3:
        list.splice(at, 0, ...chance.bytes(1 + chance.below(8)))
        break
      case 4:
        list.splice(at, 0, ...list.slice(at, at + chance.below(40)))
        break
      default: {
        const from = chance.below(other.length)
        list.splice(at, chance.below(40), ...other.subarray(from, from + chance.below(40)))
      }
    }
  }
  return Uint8Array.from(list)
}

/** Any JSON value, often of the kind that parameters have. */
export function anyJson(chance: Chance, depth = 3): unknown {
  const hex = (length: number) => `0x${chance.bytes(length).toHex()}`
  const scalars = [
    () => null,
    () => chance.oneIn(2),
    () => chance.below(1_000) - 500,
    () => 2 ** chance.below(1_030),
    () => '',
    () => chance.pick(['latest', 'pending', 'earliest', 'safe', 'finalized', 'none', '0x', '0x0']),
    () => `0x${chance.word().toString(16)}`,
    () => `0x${'f'.repeat(chance.below(70))}`,
    () => hex(20),
    () => hex(32),
    () => hex(chance.below(100)),
    () => String.fromCodePoint(...chance.bytes(chance.below(10))),
  ]
  if (depth > 0 && chance.oneIn(4)) {
    return Array.from({ length: chance.below(4) }, () => anyJson(chance, depth - 1))
  }
  if (depth > 0 && chance.oneIn(3)) {
    const names = Array.from({ length: chance.below(6) }, () => chance.pick(fieldNames))
    return Object.fromEntries(names.map((name) => [name, anyJson(chance, depth - 1)]))
  }
  return chance.pick(scalars)()
}

/** Parameters as many methods take them, with one of them, or a field of one, exchanged now and then. */
export function plausibleParams(chance: Chance): readonly unknown[] {
  const address = `0x${'c0de'.padStart(40, '0')}`
  const number = () => `0x${chance.below(3).toString(16)}`
  const tag = () => chance.pick(['latest', 'pending', 'earliest', number()])
  const call = () => ({ from: address, to: address, data: '0x00', value: '0x0', gas: '0x10000' })
  const params: unknown[] = chance.pick<() => unknown[]>([
    () => [address, tag()],
    () => [address, number(), tag()],
    () => [address, [number()], tag()],
    () => [call(), tag()],
    () => [call(), tag(), { [address]: { balance: '0x1', code: '0x00', state: {} } }],
    () => [{ fromBlock: tag(), toBlock: tag(), address, topics: [null] }],
    () => [tag(), chance.oneIn(2)],
    () => [number(), tag(), [10, 50]],
    () => [`0x${chance.bytes(32).toHex()}`],
    () => [chance.pick(['newHeads', 'logs']), {}],
    () => [{ blockStateCalls: [{ calls: [call()] }] }, tag()],
  ])()
  const at = chance.below(params.length)
  const one = params[at]
  if (chance.oneIn(2) && typeof one === 'object' && one !== null && !Array.isArray(one)) {
    params[at] = { ...one, [chance.pick(fieldNames)]: anyJson(chance, 2) }
  } else if (chance.oneIn(2)) params[at] = anyJson(chance)
  return params
}

/** Names that objects of parameters have. */
const fieldNames = [
  ...['from', 'to', 'value', 'data', 'input', 'gas', 'gasPrice', 'nonce', 'accessList', 'type'],
  ...['maxFeePerGas', 'maxPriorityFeePerGas', 'chainId', 'address', 'storageKeys', 'topics'],
  ...['fromBlock', 'toBlock', 'blockHash', 'blockNumber', 'requireCanonical', 'balance', 'code'],
  ...[
    'state',
    'stateDiff',
    'authorizationList',
    'blobVersionedHashes',
    'tracer',
    'blocks',
    '__proto__',
  ],
]

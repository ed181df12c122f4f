/** Says what the contract of a chaos run does: each of its functions writes one log with its two words. */

import {
  decodeAbiParameters,
  encodeAbiParameters,
  encodeFunctionData,
  parseAbi,
  toEventSelector,
  toFunctionSelector,
} from 'viem'
import type { Hex } from '../../src/base/bytes.ts'

/** The event that starts workflows. */
export const deposited = 'Deposited(uint256 amount, bytes32 ref)'
/** What workflows call. */
export const [pay, undo] = ['pay(uint256 amount, bytes32 ref)', 'undo(uint256 amount, bytes32 ref)']

const written = {
  deposit: 'Deposited(uint256,bytes32)',
  pay: 'Paid(uint256,bytes32)',
  undo: 'Undone(uint256,bytes32)',
  note: 'Noted(uint256,bytes32)',
  fill: 'Filled(uint256,bytes32)',
} as const

/** What a log of the contract says. */
export interface Said {
  readonly what: keyof typeof written
  readonly amount: number
  readonly reference: Hex
}

const abi = parseAbi([
  'function deposit(uint256 amount, bytes32 ref)',
  'function note(uint256 amount, bytes32 ref)',
  'function fill(uint256 amount, bytes32 ref)',
])
const names = Object.keys(written) as (keyof typeof written)[]
const topics = new Map(names.map((name) => [name, toEventSelector(`event ${written[name]}`)]))
const selectorOf = (name: keyof typeof written) =>
  toFunctionSelector(`function ${name}(uint256,bytes32)`)
const vaultSelector = toFunctionSelector('function allocationToken()')
const noReference: Hex = `0x${'00'.repeat(32)}`

/** Input of a call that deposits. */
export function depositInput(amount: number): Hex {
  return encodeFunctionData({
    ...{ abi, functionName: 'deposit', args: [BigInt(amount), noReference] },
  })
}

/** Input of a call that does nothing but take a nonce of whoever sends it. */
export function noteInput(number: number): Hex {
  return encodeFunctionData({
    ...{ abi, functionName: 'note', args: [BigInt(number), noReference] },
  })
}

/** Input that stands for a transaction of the sender to itself, which fills a nonce. */
export function fillInput(number: number): Hex {
  return encodeFunctionData({
    ...{ abi, functionName: 'fill', args: [BigInt(number), noReference] },
  })
}

/** The log that a call with this input writes; `undefined` for a call that the contract does not know. */
export function logOf(input: Hex): { readonly topic: Hex; readonly data: Hex } | undefined {
  const name = names.find((one) => input.startsWith(selectorOf(one)))
  const topic = name === undefined ? undefined : topics.get(name)
  return topic === undefined ? undefined : { topic, data: `0x${input.slice(10, 138)}` }
}

/** Reads a log of the contract. */
export function saidBy({ topic, data }: { readonly topic: Hex; readonly data: Hex }): Said {
  const what = names.find((name) => topics.get(name) === topic)
  if (what === undefined) throw new Error(`the contract writes no log of ${topic}`)
  const [amount, reference] = decodeAbiParameters([{ type: 'uint256' }, { type: 'bytes32' }], data)
  return { what, amount: Number(amount), reference }
}

/** What the contract answers a call of `allocationToken()`, by which a node knows a vault. */
export function vaultAnswer(input: Hex, address: Hex): Hex {
  return input.startsWith(vaultSelector)
    ? encodeAbiParameters([{ type: 'address' }], [address])
    : '0x'
}

const hexOf = (number: number, bytes: number) => number.toString(16).padStart(bytes * 2, '0')

/** Code that creates the contract on a chain that runs code. */
export function creationCode(): Hex {
  // The two words of the input are the data of a log.
  const logging = (topic: Hex) => `5b604060046000377f${topic.slice(2)}60406000a100`
  const arms = [
    ...names.map((name) => ({
      selector: selectorOf(name),
      body: logging(topics.get(name) ?? '0x'),
    })),
    { selector: vaultSelector, body: '5b3060005260206000f3' },
  ]
  const head = '60003560e01c'
  const none = '60006000fd'
  let at = head.length / 2 + arms.length * 11 + none.length / 2
  let [jumps, bodies] = ['', '']
  for (const { selector, body } of arms) {
    jumps += `8063${selector.slice(2)}1461${hexOf(at, 2)}57`
    bodies += body
    at += body.length / 2
  }
  const code = `${head}${jumps}${none}${bodies}`
  return `0x61${hexOf(code.length / 2, 2)}80600c6000396000f3${code}`
}

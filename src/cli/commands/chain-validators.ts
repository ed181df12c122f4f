/** The part of the command `chain` about validators: shows their set, changes it by transactions, and moves keys. */

import { AppError } from '../../base/app-error.ts'
import { openKeyFile } from '../../node/key-files.ts'
import type { SetChange } from '../../node/validator-registry.ts'
import { table } from '../api-client.ts'
import type { Call, OwnFlag } from '../command.ts'
import { badUsage, passwordOf, textOf } from '../flag-values.ts'
import { type AskRpc, rpcOf } from '../rpc-client.ts'

type Hex = `0x${string}`

/** Flags of this part. */
export const chainValidatorFlags: readonly OwnFlag[] = [
  { name: 'rpc', value: 'URL', description: 'JSON-RPC of the node to ask' },
  { name: 'chain', value: 'NAME', description: 'Chain of the node, default the first one' },
  { name: 'key-file', value: 'F', description: 'Key file of the account that sends a change' },
  { name: 'public-key', value: 'KEY', description: 'Of a validator to add, or its next one' },
  { name: 'operator', value: 'ADDRESS', description: "Account with a new validator's rights" },
  { name: 'pay-to', value: 'ADDRESS', description: 'Account that a validator earns for' },
  { name: 'weight', value: 'N', description: 'Of a new validator, default 1' },
]

/** What help says of it. */
export const chainValidatorDetails = [
  'validators shows who signs. On a chain whose set is governed (bft, hybrid),',
  '  validators add --public-key KEY --scheme S --operator A [--pay-to A] [--weight N]',
  '  validators remove ADDRESS | set-weight ADDRESS N | set-pay-to ADDRESS --pay-to A',
  '  validators rotate-key ADDRESS --public-key KEY --scheme S',
  'send a transaction of the account in --key-file: of the owner, or, where the members decide, a vote of one of them. A change',
  'of the set holds two blocks later.',
  '  validators move KEYFILE BUNDLE, and there: validators receive BUNDLE KEYFILE',
  "move a validator's key with its guard to another machine, while no node runs by it: here it signs no more.",
].join('\n')

/** The answer of `qs_validators`. */
interface ValidatorsView {
  readonly engine: string
  readonly contract: Hex | null
  readonly height: Hex
  readonly totalWeight: Hex
  readonly lastBlocks: number
  readonly validators: readonly Member[]
  readonly next: readonly Pick<Member, 'address' | 'weight'>[] | null
}

interface Member {
  readonly address: Hex
  readonly scheme: string
  readonly weight: Hex
  readonly payTo: Hex
  readonly missed: number
  readonly signed: number
  readonly absentUntil: Hex | null
}

/** Longest wait for the block of a change. */
const patienceMs = 60_000

/** Runs it; `undefined` if the words name something else. */
export async function runChainValidators(call: Call): Promise<number | undefined> {
  const [first, what = 'list', one, other] = call.words
  if (first !== 'validators') return undefined
  if (what === 'move' || what === 'receive') return moveKey(call, what)
  const ask = await rpcOf(call, textOf(call, 'chain'))
  if (what === 'list' && one === undefined) return list(call, ask)
  return sendChange(call, ask, changeOf(call, [what, one, other]))
}

async function list(call: Call, ask: AskRpc): Promise<number> {
  const view = await ask<ValidatorsView>('qs_validators')
  if (call.own.json) {
    console.log(JSON.stringify(view, null, 2))
    return 0
  }
  const next = new Map(view.next?.map((one) => [one.address, one.weight]))
  const rows = view.validators.map(
    ({ address, scheme, weight, payTo, missed, absentUntil, signed }) => [
      ...[address, decimal(weight), scheme, payTo, `${signed} of ${view.lastBlocks}`],
      absentUntil === null ? String(missed) : `${missed}, no turns before ${decimal(absentUntil)}`,
      view.next === null ? '' : comes(weight, next.get(address)),
    ],
  )
  const known = new Set(view.validators.map(({ address }) => address))
  const added = view.next?.filter(({ address }) => !known.has(address)) ?? []
  const coming = added.map(({ address, weight }) => [
    address,
    decimal(weight),
    '',
    '',
    '',
    '',
    'comes',
  ])
  const heads = ['validator', 'weight', 'scheme', 'paid to', 'signed', 'missed turns', 'next block']
  console.log(table(heads, [...rows, ...coming]))
  console.log(`${view.engine}, height ${decimal(view.height)}, weight ${decimal(view.totalWeight)}`)
  return 0
}

/** What the block after the next one brings. */
function comes(weight: Hex, next: Hex | undefined): string {
  if (next === undefined) return 'goes'
  return next === weight ? '' : `weight ${decimal(next)}`
}

async function sendChange(call: Call, ask: AskRpc, change: SetChange): Promise<number> {
  const { engine, contract } = await ask<ValidatorsView>('qs_validators')
  if (contract === null || (engine !== 'bft' && engine !== 'hybrid')) {
    const message = `the set of a chain by ${engine} is not governed by anybody: docs/validators.md says how it changes`
    throw new AppError({ code: 'cli/not-governed', message })
  }
  const file = textOf(call, 'key-file')
  if (file === undefined)
    throw badUsage('chain', 'a change is sent by an account: name its key by --key-file')
  const password = () => passwordOf(call, { question: `Password of ${file}`, twice: false })
  const { changeSet } = await import('../../node/validator-registry.ts')
  const outcome = await changeSet(
    {
      ...{ ask, contract, key: await openKeyFile(file, password) },
      signal: AbortSignal.timeout(patienceMs),
    },
    change,
  )
  if (call.own.json) console.log(JSON.stringify(outcome, null, 2))
  else {
    const done = outcome.isDone
      ? 'it holds from the block after the next one on'
      : 'a vote for it is on the chain, and others are needed'
    console.log(`${change.kind} ${outcome.validator}: ${done}`)
  }
  return 0
}

function changeOf(
  call: Call,
  [what, validator, number]: readonly (string | undefined)[],
): SetChange {
  const key = () => ({
    publicKey: needed(call, 'public-key'),
    scheme: textOf(call, 'scheme') ?? 'ml-dsa-65',
  })
  if (what === 'add' && validator === undefined) {
    const operator = addressOf(needed(call, 'operator'), '--operator')
    const payTo = addressOf(textOf(call, 'pay-to') ?? operator, '--pay-to')
    const weight = weightOf(textOf(call, 'weight') ?? '1')
    return { kind: 'add', operator, payTo, weight, key: key() }
  }
  if (validator !== undefined && (number === undefined || what === 'set-weight')) {
    const of = { validator: addressOf(validator, 'a validator') }
    if (what === 'remove') return { kind: 'remove', ...of }
    if (what === 'rotate-key') return { kind: 'rotate-key', ...of, key: key() }
    if (what === 'set-pay-to') {
      return { kind: 'set-pay-to', ...of, payTo: addressOf(needed(call, 'pay-to'), '--pay-to') }
    }
    if (what === 'set-weight' && number !== undefined) {
      return { kind: 'set-weight', ...of, weight: weightOf(number) }
    }
  }
  throw badUsage('chain', `"chain ${call.words.join(' ')}" is not known or not whole`)
}

async function moveKey(call: Call, what: 'move' | 'receive'): Promise<number> {
  const [, , from, to] = call.words
  if (from === undefined || to === undefined) {
    throw badUsage(
      'chain',
      'a key is moved by "validators move KEYFILE BUNDLE", and received by "validators receive BUNDLE KEYFILE"',
    )
  }
  const isMove = what === 'move'
  const { moveValidator, receiveValidator } = await import('../../node/validator-move.ts')
  const { chain, signed } = await (isMove ? moveValidator(from, to) : receiveValidator(from, to))
  if (call.own.json) console.log(JSON.stringify({ file: to, chain, signed }, null, 2))
  else {
    const last = signed
      ? `it has signed up to height ${signed.height}, round ${signed.round}`
      : 'it has signed nothing'
    console.log(
      isMove
        ? `${to} holds the validator, which signs here no more; ${last}`
        : `${to} is the key of the validator; ${last}`,
    )
  }
  return 0
}

function addressOf(text: string, what: string): Hex {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as Hex
  throw badUsage('chain', `${what} is an address, 0x and 40 hex digits, not "${text}"`)
}

function weightOf(text: string): bigint {
  if (/^[1-9]\d{0,18}$/.test(text)) return BigInt(text)
  throw badUsage('chain', `a weight is a whole number from 1 on, not "${text}"`)
}

function needed(call: Call, flag: string): string {
  const value = textOf(call, flag)
  if (value !== undefined) return value
  throw badUsage('chain', `--${flag} is missing`)
}

function decimal(quantity: Hex): string {
  return BigInt(quantity).toString()
}

/** Draws a scenario: contracts that call each other, accounts around them, and transactions of one block. */

import { concatBytes, fromBigInt, fromHex, padStart } from '../../src/base/bytes.ts'
import type { Hardfork } from '../../src/chain/ledger/fork-rules.ts'
import type {
  AccessListEntry,
  Address,
  Authorization,
  Transaction,
} from '../../src/chain/ledger/transaction.ts'
import { type Chance, chanceOf } from './chance.ts'
import { assemble, type Piece } from './code.ts'
import { authorities, authorizationsOf } from './delegations.ts'
import { Draft, type Surroundings } from './draft.ts'
import { ending, piece } from './pieces.ts'

/** An account before the block. */
export interface FuzzAccount {
  readonly address: Address
  readonly nonce: bigint
  readonly balance: bigint
  readonly pieces: readonly Piece[]
  readonly storage: readonly (readonly [slot: bigint, value: bigint])[]
}

/** What code can ask of the block. */
export interface FuzzBlock {
  readonly number: bigint
  readonly timestamp: bigint
  readonly beneficiary: Address
  readonly difficulty: bigint
  readonly gasLimit: bigint
  readonly baseFeePerGas: bigint
  readonly mixHash: Uint8Array
  readonly excessBlobGas: bigint
}

/** Transactions over a few accounts, by the rules of a fork. */
export interface Scenario {
  readonly fork: Hardfork
  readonly block: FuzzBlock
  readonly accounts: readonly FuzzAccount[]
  readonly transactions: readonly { readonly sender: Address; readonly transaction: Transaction }[]
}

/** The chain on which all this happens. */
export const fuzzChainId = 1n

const forks: readonly (readonly [number, Hardfork])[] = [
  ...([
    [60, 'osaka'],
    [14, 'prague'],
    [8, 'cancun'],
    [4, 'shanghai'],
    [2, 'paris'],
  ] as const),
  ...([
    [3, 'london'],
    [3, 'berlin'],
    [2, 'istanbul'],
    [1, 'petersburg'],
  ] as const),
  ...([
    [1, 'constantinople'],
    [1, 'byzantium'],
    [1, 'spurious-dragon'],
  ] as const),
  ...([
    [1, 'tangerine-whistle'],
    [1, 'homestead'],
    [1, 'frontier'],
  ] as const),
]

const address = (name: number): Address => padStart(fromBigInt(0xc0de0000n + BigInt(name)), 20)
const contracts = [address(1), address(2), address(3)]
const [beneficiary, absent, rich, delegated] = [address(9), address(10), address(11), address(12)]
// The second one delegates now and then, in its own transactions too.
const senders = [address(20), authorities[0] ?? address(21)]
const ether = 10n ** 18n

/** The scenario of a seed and a number. */
export function scenarioOf(seed: number, at: number): Scenario {
  const chance = chanceOf(seed, at)
  const fork = chance.weighted(forks)
  const precompiles = [1, 2, 4, 9, 0x0a, 0x11, 0x100].map((one) =>
    padStart(fromBigInt(BigInt(one)), 20),
  )
  const addresses = [
    ...[...contracts, ...contracts, ...contracts, beneficiary, absent, rich, delegated],
    ...[chance.pick(senders), chance.pick(precompiles), chance.pick(authorities)],
  ]
  const surroundings = { fork, addresses }
  const programs = contracts.map((one) => contract(chance, surroundings, one))
  const block = blockOf(chance, fork)
  const nonces = new Map<Address, bigint>()
  const count = 1 + chance.below(3)
  const transactions = Array.from({ length: count }, () => {
    // An authorisation would count the nonce on.
    const sender = chance.pick(count === 1 ? senders : senders.slice(0, 1))
    const nonce = nonces.get(sender) ?? 0n
    nonces.set(sender, nonce + 1n)
    return { sender, transaction: transactionOf({ chance, fork, block, nonce }) }
  })
  return { fork, block, accounts: [...programs, ...others(chance, fork)], transactions }
}

function contract(chance: Chance, surroundings: Surroundings, address: Address): FuzzAccount {
  const draft = new Draft(chance, surroundings)
  const pieces: Piece[] = []
  for (let left = 3 + chance.below(25); left > 0; left -= 1) pieces.push(piece(draft))
  pieces.push(ending(draft))
  const storage = [0n, 1n, 2n, 3n, 4n, 5n]
    .filter(() => chance.oneIn(3))
    .map((slot) => [slot, chance.oneIn(2) ? 1n : chance.word() || 1n] as const)
  return { address, nonce: 1n, balance: BigInt(chance.below(5)), pieces, storage }
}

function others(chance: Chance, fork: Hardfork): readonly FuzzAccount[] {
  const none = { pieces: [], storage: [] }
  const target = chance.pick([...contracts, delegated, absent, address(4)])
  const mark = [...fromHex('0xef0100'), ...target]
  const authority = { address: delegated, nonce: 1n, balance: 3n, storage: [] }
  return [
    ...senders.map((address) => ({ address, nonce: 0n, balance: 1_000n * ether, ...none })),
    { address: rich, nonce: 0n, balance: 5n, ...none },
    ...(fork === 'prague' || fork === 'osaka' ? [{ ...authority, pieces: [mark] }] : []),
    ...(chance.oneIn(3) ? [{ address: beneficiary, nonce: 0n, balance: 1n, ...none }] : []),
  ]
}

function blockOf(chance: Chance, fork: Hardfork): FuzzBlock {
  const { has } = new Draft(chance, { fork, addresses: [] }).opcodes
  return {
    number: BigInt(chance.oneIn(3) ? chance.below(300) : 1_000 + chance.below(100_000)),
    timestamp: BigInt(1_700_000_000 + chance.below(10_000)),
    beneficiary: chance.oneIn(8)
      ? chance.pick([...contracts, senders[0] ?? beneficiary])
      : beneficiary,
    difficulty: has('paris') ? 0n : BigInt(chance.below(1_000_000)),
    gasLimit: 60_000_000n,
    baseFeePerGas: has('london') ? BigInt(chance.below(50)) : 0n,
    mixHash: chance.bytes(32),
    excessBlobGas: has('cancun') ? BigInt(chance.below(40_000_000)) : 0n,
  }
}

interface TransactionDraw {
  readonly chance: Chance
  readonly fork: Hardfork
  readonly block: FuzzBlock
  readonly nonce: bigint
}

/** A transaction that is valid; nobody looks at its signature. */
function transactionOf({ chance, fork, block, nonce }: TransactionDraw): Transaction {
  const { has } = new Draft(chance, { fork, addresses: [] }).opcodes
  const types = [0, 0, ...(has('berlin') ? [1] : []), ...(has('london') ? [2, 2] : [])]
  if (has('cancun')) types.push(3)
  if (has('prague')) types.push(4, 4)
  const type = chance.pick(types)
  const creates = type < 3 && chance.oneIn(12)
  const to = chance.oneIn(15)
    ? chance.pick([delegated, rich, absent, ...authorities])
    : chance.pick(contracts)
  const data = creates ? creation(chance, fork) : chance.bytes(chance.below(80))
  const dear = 70 * data.length + (type === 4 ? 75_000 : 0) + (chance.oneIn(25) ? 1_000_000 : 0)
  const gasLimit = BigInt(100_000 + dear + chance.below(250_000))
  const value = chance.oneIn(3) ? BigInt(chance.below(10)) : 0n
  const shared = {
    ...{ nonce, gasLimit, value, data, to: creates ? undefined : to },
    ...{ yParity: 0, r: 1n, s: 1n, chainId: fuzzChainId },
  }
  const tip = BigInt(chance.below(5))
  const cap = block.baseFeePerGas + BigInt(chance.below(10)) + tip
  const fees = { maxFeePerGas: cap, maxPriorityFeePerGas: tip, accessList: accessList(chance) }
  if (type === 0) {
    const chainId = has('spurious-dragon') ? fuzzChainId : undefined
    return { ...shared, type, chainId, gasPrice: cap }
  }
  if (type === 1) return { ...shared, type, gasPrice: cap, accessList: accessList(chance) }
  if (type === 2) return { ...shared, ...fees, type }
  if (type === 3) {
    const blobVersionedHashes = Array.from({ length: 1 + chance.below(3) }, () =>
      concatBytes(Uint8Array.of(1), chance.bytes(31)),
    )
    return { ...shared, ...fees, type, maxFeePerBlobGas: 10n ** 12n, blobVersionedHashes }
  }
  const authorizations: readonly Authorization[] = authorizationsOf(chance, contracts)
  return { ...shared, ...fees, type: 4, authorizations }
}

/** Code that makes a contract in a transaction: a random program itself. */
function creation(chance: Chance, fork: Hardfork): Uint8Array {
  const { pieces } = contract(chance, { fork, addresses: contracts }, absent)
  return assemble(pieces)
}

function accessList(chance: Chance): readonly AccessListEntry[] {
  return Array.from({ length: chance.below(3) }, () => ({
    address: chance.pick([...contracts, absent, rich]),
    slots: Array.from({ length: chance.below(3) }, () => BigInt(chance.below(6))),
  }))
}

/** The hash of a block that code asks for: known for the last 256. */
export function blockHashOf(asked: bigint, number: bigint): Uint8Array {
  const isKnown = asked < number && asked + 256n >= number
  return isKnown ? padStart(fromBigInt((asked + 1n) * 0x0123456789abcdefn), 32) : new Uint8Array(32)
}

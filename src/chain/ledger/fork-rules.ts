/** Holds the rules of each fork as data: what a fork changes of the one before it. */

/** Forks that change rules, oldest first; those that only move the difficulty bomb are not among them. */
export const hardforks = [
  ...(['frontier', 'homestead', 'tangerine-whistle', 'spurious-dragon', 'byzantium'] as const),
  ...(['constantinople', 'petersburg', 'istanbul', 'berlin', 'london', 'paris'] as const),
  ...(['shanghai', 'cancun', 'prague', 'osaka'] as const),
] as const
export type Hardfork = (typeof hardforks)[number]

/** Blobs of a block (EIP-7840). */
export interface BlobParameters {
  readonly target: number
  readonly max: number
  readonly updateFraction: number
}

/** What Frontier begins with; gas unless the name says otherwise, 0 or 1 where it is a switch. */
const frontier = {
  /** A transaction before its first opcode (Yellow Paper, appendix G; EIP-2, 2028, 2930, 3860, 7702). */
  ...{ txBase: 21_000, txCreate: 0, txZeroByte: 4, txByte: 68, txAddress: 0, txSlot: 0 },
  ...{ txAuthorization: 0, authorizationRefund: 0, initCodeWord: 0 },
  /** Least gas for a token of calldata (EIP-7623); most gas of a transaction (EIP-7825), 0 for no bound. */
  ...{ floorToken: 0, txGasCap: 0 },
  /** Bytes of code and of creation code (EIP-170, 3860), 0 for no bound. */
  ...{ codeLimit: 0, initCodeLimit: 0 },
  /** Refund at most this part of the gas used (EIP-3529). */
  refundDivisor: 2,
  /** Looks at accounts and slots (EIP-150, 1884); from Berlin on 2929's three prices stand instead. */
  ...{ balance: 20, extCode: 20, extCodeHash: 0, sload: 50, call: 40 },
  ...{ coldAccount: 0, coldSlot: 0, warm: 0 },
  ...{ callValue: 9_000, callNewAccount: 25_000, callStipend: 2_300 },
  ...{ selfDestruct: 0, selfDestructNewAccount: 0, selfDestructRefund: 24_000 },
  ...{ expByte: 10, create: 32_000, codeByte: 200 },
  /** Writing a slot (EIP-1283, 2200, 2929, 3529); `sstoreNoop` is for a slot that was written before. */
  ...{ sstoreSet: 20_000, sstoreReset: 5_000, sstoreClearRefund: 15_000 },
  ...{ sstoreNoop: 0, sstoreSentry: 0, netMetering: 0 },
  /** A creation that cannot pay for its code fails (EIP-2); calls keep a 64th (EIP-150). */
  ...{ creationNeedsDeposit: 0, keepsSixtyFourth: 0 },
  /** Empty accounts go when touched, contracts begin with nonce 1 (EIP-161, 170). */
  clearsEmpty: 0,
  /** Code may not begin with 0xef (EIP-3541); the block's beneficiary is warm (EIP-3651). */
  ...{ refusesEf: 0, warmBeneficiary: 0 },
  /** Only what was made in the same transaction is destroyed (EIP-6780); code that delegates (EIP-7702). */
  ...{ destroysOnlyNew: 0, delegations: 0 },
  /** Receipts say whether the transaction succeeded (EIP-658), not which state it left. */
  receiptStatus: 0,
  /** Gwei for the maker of a block (EIP-649, 1234, 3675). */
  blockRewardGwei: 5_000_000_000,
  /** Blocks by which the exponential part of difficulty is put off (EIP-649, 1234, 2384, 3554, 4345, 5133). */
  bombDelay: 0,
  /** Blobs of one transaction, 0 for as many as the block's (EIP-7594); gas behind the reserve price (EIP-7918). */
  ...{ txBlobs: 0, blobReserveGas: 0 },
  /** Bytes of an encoded block (EIP-7934), 0 for no bound. */
  blockBytes: 0,
}

/** A number for each rule. */
export type RuleNumbers = Readonly<Record<keyof typeof frontier, number>>

/** What each fork changes. */
const changes: Readonly<Record<Hardfork, Partial<RuleNumbers>>> = {
  frontier: {},
  homestead: { txCreate: 32_000, creationNeedsDeposit: 1 },
  'tangerine-whistle': {
    ...{ balance: 400, extCode: 700, sload: 200, call: 700, keepsSixtyFourth: 1 },
    ...{ selfDestruct: 5_000, selfDestructNewAccount: 25_000 },
  },
  'spurious-dragon': { expByte: 50, codeLimit: 24_576, clearsEmpty: 1 },
  byzantium: { receiptStatus: 1, blockRewardGwei: 3_000_000_000, bombDelay: 3_000_000 },
  constantinople: {
    ...{ netMetering: 1, sstoreNoop: 200, extCodeHash: 400, blockRewardGwei: 2_000_000_000 },
    bombDelay: 5_000_000,
  },
  petersburg: { netMetering: 0 },
  istanbul: {
    ...{ txByte: 16, balance: 700, extCodeHash: 700, sload: 800 },
    ...{ netMetering: 1, sstoreNoop: 800, sstoreSentry: 2_300 },
  },
  berlin: {
    ...{ txAddress: 2_400, txSlot: 1_900, coldAccount: 2_600, coldSlot: 2_100, warm: 100 },
    ...{ sload: 100, balance: 100, extCode: 100, extCodeHash: 100, call: 100 },
    ...{ sstoreReset: 2_900, sstoreNoop: 100, bombDelay: 9_000_000 },
  },
  london: {
    ...{ refundDivisor: 5, sstoreClearRefund: 4_800, selfDestructRefund: 0, refusesEf: 1 },
    bombDelay: 9_700_000,
  },
  paris: { blockRewardGwei: 0 },
  shanghai: { initCodeWord: 2, initCodeLimit: 49_152, warmBeneficiary: 1 },
  cancun: { destroysOnlyNew: 1 },
  prague: {
    ...{ floorToken: 10, txAuthorization: 25_000, authorizationRefund: 12_500, delegations: 1 },
  },
  osaka: { txGasCap: 2 ** 24, txBlobs: 6, blobReserveGas: 2 ** 13, blockBytes: 8_388_608 },
}

const blobsOf: Partial<Record<Hardfork, BlobParameters>> = {
  cancun: { target: 3, max: 6, updateFraction: 3_338_477 },
  prague: { target: 6, max: 9, updateFraction: 5_007_716 },
}

/** The rules of a block. */
export interface Rules {
  readonly hardfork: Hardfork
  /** Absent before Cancun. */
  readonly blobs: BlobParameters | undefined
  readonly numbers: RuleNumbers
}

/** What decides which rules a block has. */
export interface RuledBlock {
  readonly number: bigint
  /** Seconds. */
  readonly timestamp: bigint
  /** Tells proof of work from what came after the Merge, where no block number does; 0 unless given. */
  readonly difficulty?: bigint | undefined
}

/** The fork about the DAO, which chains took or refused (EIP-779). */
export interface DaoFork {
  readonly block: bigint
  /** Its ether moves in that block. */
  readonly isTaken: boolean
}

/** The rules of each block of a chain. */
export interface ChainRules {
  readonly chainId: bigint
  /** Whose logs are deposits (EIP-6110); the public network's unless given. */
  readonly depositContract?: Uint8Array | undefined
  readonly daoFork?: DaoFork | undefined
  /** The same object for all blocks with the same rules. */
  rulesAt(block: RuledBlock): Rules
}

const places = new Map<Hardfork, number>(hardforks.map((one, place) => [one, place]))

/** Whether a fork includes another. */
export function isAtLeast(hardfork: Hardfork, other: Hardfork): boolean {
  return (places.get(hardfork) ?? 0) >= (places.get(other) ?? 0)
}

/** The rules of a fork, with a chain's own blob parameters and numbers. */
export function rulesOf(
  hardfork: Hardfork,
  own: { readonly blobs?: BlobParameters; readonly changes?: Partial<RuleNumbers> } = {},
): Rules {
  const upTo = hardforks.slice(0, hardforks.indexOf(hardfork) + 1)
  const numbers = Object.assign({}, frontier, ...upTo.map((one) => changes[one]), own.changes)
  const blobs = own.blobs ?? upTo.map((one) => blobsOf[one]).findLast(Boolean)
  return { hardfork, blobs: isAtLeast(hardfork, 'cancun') ? blobs : undefined, numbers }
}

/** The rules of a chain that never forks. */
export function rulesOfOne(chainId: bigint, hardfork: Hardfork): ChainRules {
  const rules = rulesOf(hardfork)
  return { chainId, rulesAt: () => rules }
}

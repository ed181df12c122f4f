/** Knows the events of well-known contracts by name, so that nobody has to write their signatures. */

import { type AbiEvent, parseAbiItem } from 'viem'
import { allocationTokenAbi } from '../abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'
import { wordDistance } from '../base/word-distance.ts'

/** Signatures by the standard or contract that defines them. */
const signatures: Readonly<Record<string, readonly string[]>> = {
  'ERC-20': [
    'Transfer(address indexed from, address indexed to, uint256 value)',
    'Approval(address indexed owner, address indexed spender, uint256 value)',
  ],
  'ERC-721': [
    'Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
    'Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)',
    'ApprovalForAll(address indexed owner, address indexed operator, bool approved)',
  ],
  'ERC-1155': [
    'TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
    'TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)',
    'ApprovalForAll(address indexed account, address indexed operator, bool approved)',
    'URI(string value, uint256 indexed id)',
  ],
  'ERC-4626': [
    'Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)',
    'Withdraw(address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares)',
  ],
  'ERC-1967': [
    'Upgraded(address indexed implementation)',
    'AdminChanged(address previousAdmin, address newAdmin)',
    'BeaconUpgraded(address indexed beacon)',
  ],
  Ownable: [
    'OwnershipTransferred(address indexed previousOwner, address indexed newOwner)',
    'OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)',
  ],
  AccessControl: [
    'RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)',
    'RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)',
    'RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)',
  ],
  Pausable: ['Paused(address account)', 'Unpaused(address account)'],
  WETH: [
    'Deposit(address indexed dst, uint256 wad)',
    'Withdrawal(address indexed src, uint256 wad)',
  ],
  // Safe 1.4; the owners were not indexed before.
  Safe: [
    'AddedOwner(address indexed owner)',
    'RemovedOwner(address indexed owner)',
    'ChangedThreshold(uint256 threshold)',
    'ApproveHash(bytes32 indexed approvedHash, address indexed owner)',
    'ExecutionSuccess(bytes32 indexed txHash, uint256 payment)',
    'ExecutionFailure(bytes32 indexed txHash, uint256 payment)',
    'EnabledModule(address indexed module)',
    'DisabledModule(address indexed module)',
    'ExecutionFromModuleSuccess(address indexed module)',
    'ExecutionFromModuleFailure(address indexed module)',
    'SafeReceived(address indexed sender, uint256 value)',
    'SafeSetup(address indexed initiator, address[] owners, uint256 threshold, address initializer, address fallbackHandler)',
  ],
  UniswapV2Factory: [
    'PairCreated(address indexed token0, address indexed token1, address pair, uint256 count)',
  ],
  UniswapV2Pair: [
    'Mint(address indexed sender, uint256 amount0, uint256 amount1)',
    'Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)',
    'Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to)',
    'Sync(uint112 reserve0, uint112 reserve1)',
  ],
  UniswapV3Factory: [
    'PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, int24 tickSpacing, address pool)',
  ],
  UniswapV3Pool: [
    'Initialize(uint160 sqrtPriceX96, int24 tick)',
    'Mint(address sender, address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
    'Collect(address indexed owner, address recipient, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount0, uint128 amount1)',
    'Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)',
    'Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)',
    'Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, uint256 paid0, uint256 paid1)',
  ],
  Governor: [
    'ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description)',
    'ProposalExecuted(uint256 proposalId)',
    'ProposalCanceled(uint256 proposalId)',
    'VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight, string reason)',
  ],
  ChainlinkAggregator: [
    'AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)',
    'NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt)',
  ],
}

/** Contracts of this project, whose ABI the compiler wrote. */
const ownAbis = { AllocationToken: allocationTokenAbi, DepositVault: depositVaultAbi }

const events = new Map<string, AbiEvent>()
for (const [contract, list] of Object.entries(signatures)) {
  for (const signature of list) {
    const event = parseAbiItem(`event ${signature}`) as AbiEvent
    events.set(`${contract}.${event.name}`, event)
  }
}
for (const [contract, abi] of Object.entries(ownAbis)) {
  for (const entry of abi) {
    if (entry.type === 'event') events.set(`${contract}.${entry.name}`, entry as AbiEvent)
  }
}

/** An event by contract and name: `ERC-20.Transfer`. */
export function registeredEvent(name: string): AbiEvent | undefined {
  return events.get(name)
}

/** All names that {@link registeredEvent} knows, in their order. */
export function registeredEvents(): readonly string[] {
  return [...events.keys()]
}

/**
 * The Solidity signature of an event by contract and name, `Transfer(address indexed from, …)`, and the argument names of
 * other events of the registry that have the same topic, by which a log of theirs is told from one of this.
 */
export function registeredSignature(
  name: string,
): { readonly signature: string; readonly alike: readonly (readonly string[])[] } | undefined {
  const event = events.get(name)
  if (event === undefined) return undefined
  const alike = [...events.values()].filter(
    (other) => bareText(other) === bareText(event) && namesOf(other) !== namesOf(event),
  )
  const distinct = new Map(alike.map((other) => [namesOf(other), other]))
  return {
    signature: signatureOf(event),
    alike: [...distinct.values()].map(({ inputs }) => inputs.map((one) => one.name ?? '')),
  }
}

function signatureOf({ name, inputs }: AbiEvent): string {
  const written = inputs.map((one) => [one.type, ...(one.indexed ? ['indexed'] : []), one.name])
  return `${name}(${written.map((words) => words.join(' ')).join(', ')})`
}

function bareText({ name, inputs }: AbiEvent): string {
  return `${name}(${inputs.map(({ type }) => type).join(',')})`
}

function namesOf({ inputs }: AbiEvent): string {
  return inputs.map((one) => one.name).join(',')
}

/** Most names that are offered for a wrong one. */
const maxNear = 6

/**
 * Names of the registry that may have been meant: those of an event that is called so, whatever its contract, else those
 * that are written nearly so, else all of the contract that is named.
 */
export function nearEvents(name: string): readonly string[] {
  const all = [...events.keys()]
  const [contract = '', event = ''] = partsOf(name)
  const tries = [
    (one: string) => partsOf(one)[1] === (event === '' ? contract : event),
    (one: string) =>
      wordDistance(event === '' ? (partsOf(one)[1] ?? '') : plain(one), plain(name)) <= 2,
    (one: string) => partsOf(one)[0] === contract,
  ]
  const exact = all.filter((one) => plain(one) === plain(name))
  const found = tries.map((fits) => all.filter(fits)).find((list) => list.length > 0) ?? []
  return (exact.length > 0 ? exact : found).slice(0, maxNear)
}

function partsOf(name: string): readonly string[] {
  return name.split('.').map(plain)
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

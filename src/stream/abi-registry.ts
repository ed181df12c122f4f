/** Knows the events of well-known contracts by name, so that nobody has to write their signatures. */

import { type AbiEvent, parseAbiItem } from 'viem'
import { allocationTokenAbi } from '../abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'

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

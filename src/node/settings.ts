/** Lists every setting of the program, from which come the flags, the checks and the documentation. */

import { chainBounds } from '../chain/chain-settings.ts'
import { ownForks } from '../chain/ledger/manifest.ts'
import { databaseSettings } from './database-settings.ts'
import { eventSettings } from './event-settings.ts'
import { roleSettings } from './role-settings.ts'
import {
  address,
  blockTime,
  flag,
  type Kind,
  list,
  oneOf,
  port,
  type Setting,
  schemeList,
  text,
  within,
} from './setting-kinds.ts'

const allowedWords =
  'ids of nodes (64 hex digits), addresses of validators (0x and 40), or the word validators, with commas between them'
const isAllowedWord = (word: string) =>
  word === 'validators' || /^[0-9a-f]{64}$/.test(word) || /^0x[0-9a-fA-F]{40}$/.test(word)
/** All settings by name; the flag is the name in kebab-case (`rpcPort`: `--rpc-port`, `demo`: `--no-demo`). */
export const settings = {
  dev: {
    ...{ kind: flag, default: false, env: 'QS_DEV' },
    description: 'Development: seals its own blocks, funds and unlocks the known test accounts',
  },
  demo: {
    ...{ kind: flag, default: true, env: 'QS_DEMO' },
    description: 'Makes one sample deposit after the start of a development chain',
    flagDescription: 'Leaves out the sample deposit after the start of a development chain',
  },
  data: {
    ...{ kind: text, default: './data', env: 'QS_DATA' },
    description: 'Folder of all data',
  },
  rpcHost: {
    ...{ kind: text, default: '127.0.0.1', env: 'QS_RPC_HOST' },
    description: 'Address on which JSON-RPC listens; loopback only until access control is built',
  },
  rpcPort: {
    ...{ kind: port, default: 8545, env: 'QS_RPC_PORT' },
    description: 'Port of JSON-RPC over HTTP and WebSocket; 0 takes any free one',
  },
  ipc: {
    ...{ kind: text, default: undefined, env: 'QS_IPC' },
    description: 'Socket file on which JSON-RPC listens besides; none by default',
  },
  rpcLogs: {
    ...{ kind: within(1, 10_000_000, true), default: 200_000, env: 'QS_RPC_LOGS', unit: 'logs' },
    description: 'Most logs of one answer of JSON-RPC',
  },
  rpcAnswer: {
    ...{ kind: within(1, 500, true), default: 128, env: 'QS_RPC_ANSWER', unit: 'MiB' },
    description: 'Longest answer of JSON-RPC, those of a batch together',
  },
  rpcCallGas: {
    ...{ kind: within(21_000, 1e15, true), default: 30_000_000_000, env: 'QS_RPC_CALL_GAS' },
    unit: 'gas',
    description: 'Most gas of a call that is no transaction',
  },
  rpcCallTime: {
    ...{ kind: within(0.1, 3_600, false), default: 60, env: 'QS_RPC_CALL_TIME', unit: 'seconds' },
    description: 'Longest run of a call, an estimate, a simulation, a trace or a search for logs',
  },
  rpcSnapshots: {
    ...{ kind: within(1, 100_000, true), default: 1_024, env: 'QS_RPC_SNAPSHOTS' },
    description:
      'Snapshots (evm_snapshot) that are kept, each with its state; then the oldest goes',
  },
  apiHost: {
    ...{ kind: text, default: '127.0.0.1', env: 'QS_API_HOST' },
    description:
      'Address on which API and console listen; loopback only until access control is built',
  },
  apiPort: {
    ...{ kind: port, default: 4000, env: 'QS_API_PORT' },
    description: 'Port of the API and the console; 0 takes any free one',
  },
  grpcHost: {
    ...{ kind: text, default: '127.0.0.1', env: 'QS_GRPC_HOST' },
    description: 'Address on which gRPC listens; loopback only until access control is built',
  },
  grpcPort: {
    ...{ kind: port, default: undefined, env: 'QS_GRPC_PORT' },
    description:
      'Port of gRPC (health of the node and its chains), without TLS; 0 takes any free one; none by default',
  },
  chainId: {
    ...{ kind: within(1, Number.MAX_SAFE_INTEGER, true), default: 20_250, env: 'QS_CHAIN_ID' },
    description: 'Chain id of the embedded chain',
  },
  blockTime: {
    ...{ kind: blockTime, default: 1, env: 'QS_BLOCK_TIME', unit: 'seconds' },
    description: 'Time between blocks of the embedded chain; 0 seals one for each transaction',
  },
  gasLimit: {
    ...{ kind: within(5_000, 1e15, true), default: 30_000_000, env: 'QS_GAS_LIMIT', unit: 'gas' },
    description: 'Gas limit of the blocks of the embedded chain',
  },
  hardfork: {
    ...{ kind: oneOf(...ownForks), default: 'osaka', env: 'QS_HARDFORK' },
    description: 'Rules of the embedded chain',
  },
  poolTransactions: {
    ...{
      kind: within(...chainBounds.poolTransactions, true),
      default: 50_000,
      env: 'QS_POOL_TRANSACTIONS',
    },
    description: 'Transactions that may wait for a block, of all senders together',
  },
  poolPerSender: {
    ...{
      kind: within(...chainBounds.poolPerSender, true),
      default: 2_048,
      env: 'QS_POOL_PER_SENDER',
    },
    description: 'Transactions of one sender that may wait for a block',
  },
  poolBacklog: {
    ...{ kind: within(...chainBounds.poolBacklog, true), default: 2_000, env: 'QS_POOL_BACKLOG' },
    description:
      'Transactions that may wait for the next blocks however little these take, where blocks are voted on',
  },
  stateHistory: {
    ...{
      kind: within(...chainBounds.stateHistory, true),
      default: 128,
      env: 'QS_STATE_HISTORY',
      unit: 'blocks',
    },
    description: 'States of the last blocks that can be asked for, and that a chain can go back to',
  },
  stateArchive: {
    ...{ kind: flag, default: false, env: 'QS_STATE_ARCHIVE' },
    description:
      'Keep checkpoints of the state for good, so that states of any age can be asked for',
  },
  snapshotEvery: {
    ...{
      kind: within(...chainBounds.snapshotEvery, true),
      default: 10_000,
      env: 'QS_SNAPSHOT_EVERY',
      unit: 'blocks',
    },
    description:
      'Blocks between snapshots by which others join a chain that is voted on, while this node has links; 0: none',
  },
  sync: {
    ...{ kind: oneOf('auto', 'full'), default: 'auto', env: 'QS_SYNC' },
    description:
      'How a chain that is voted on is got that is not begun and far behind: by a snapshot, or (full) by running all its blocks',
  },
  trust: {
    ...{ kind: text, default: undefined, env: 'QS_TRUST' },
    description:
      'HEIGHT:HASH of a block of the chain that somebody vouches for: when it is got by a snapshot, and after a long absence',
  },
  stateMemory: {
    ...{
      kind: within(...chainBounds.stateMemory, true),
      default: 1_024,
      env: 'QS_STATE_MEMORY',
      unit: 'MiB',
    },
    description:
      'Memory for the state of a chain; above it, what did not change lately is read from disk',
  },
  blockMemory: {
    ...{
      kind: within(...chainBounds.blockMemory, true),
      default: 256,
      env: 'QS_BLOCK_MEMORY',
      unit: 'MiB',
    },
    description:
      'Memory for the last blocks and those that were asked for; others are read from disk',
  },
  miner: {
    ...{ kind: address, default: undefined, env: 'QS_MINER' },
    description:
      'Who is paid for blocks that are sealed by work; without it this node seals none of them',
  },
  minerThreads: {
    ...{ kind: within(...chainBounds.minerThreads, true), default: 1, env: 'QS_MINER_THREADS' },
    description:
      'Threads that search seals, each as fast as a processor goes; 0 leaves it to programs of others (eth_getWork)',
  },
  chain: {
    ...{ kind: text, default: undefined, env: 'QS_CHAIN' },
    description:
      'Name of the stored chain that the node stands on; may be left out where there is one. With BLOCKCHAIN_ENDPOINT, what the foreign chain is called, the same in all processes that share a database; by default foreign',
  },
  maxChains: {
    ...{ kind: within(1, 1_000, true), default: 64, env: 'QS_MAX_CHAINS' },
    description: 'Chains of this process, stopped ones counted',
  },
  accounts: {
    ...{ kind: within(10, 1_000, true), default: 10, env: 'QS_ACCOUNTS' },
    description: 'Development accounts that are funded at the birth and unlocked',
  },
  mnemonic: {
    ...{ kind: text, default: undefined, env: 'QS_MNEMONIC', secret: true },
    description: 'Words of the development accounts; by default the well-known test words',
  },
  genesis: {
    ...{ kind: text, default: undefined, env: 'QS_GENESIS' },
    description:
      'Birth of an Ethereum-like chain to follow: a genesis file as Ethereum clients have it, or a manifest; with --dev, the manifest of a development chain',
  },
  import: {
    ...{ kind: text, default: undefined, env: 'QS_IMPORT' },
    description:
      'File of blocks (RLP one after the other, or era1) that the followed chain takes at the start',
  },
  peersPort: {
    ...{ kind: port, default: undefined, env: 'QS_PEERS_PORT' },
    description:
      'Port for other nodes, over TLS; 0 takes any free one; without it a node opens links, and takes none',
  },
  peersHost: {
    ...{ kind: text, default: '0.0.0.0', env: 'QS_PEERS_HOST' },
    description: 'Address that the port for other nodes is on',
  },
  peers: {
    ...{ kind: text, default: undefined, env: 'QS_PEERS' },
    description: 'Nodes to keep links to: ID@HOST:PORT or HOST:PORT, with commas between them',
  },
  peersAllowed: {
    ...{ kind: list(allowedWords, isAllowedWord), default: undefined, env: 'QS_PEERS_ALLOWED' },
    description:
      'Who may have a link, with commas between them: ids of nodes, addresses of validators, "validators" for those of the present sets; everybody unless said',
  },
  peersContract: {
    ...{ kind: address, default: undefined, env: 'QS_PEERS_CONTRACT' },
    description:
      'NodeList contract on the chain that the node stands on: who it lists may have a link, beside those of peersAllowed',
  },
  peersLan: {
    ...{ kind: flag, default: false, env: 'QS_PEERS_LAN' },
    description: 'Finds nodes of the local network by multicast (239.255.30.40, port 30400)',
  },
  validatorKeyFile: {
    ...{ kind: text, default: undefined, env: 'QS_VALIDATOR_KEY_FILE' },
    description:
      'Encrypted key file of the validator that this node is; what it has signed is kept beside it. Several, with commas between them: the first that the set has signs, so that keys can be changed while the node runs',
  },
  validatorPasswordFile: {
    ...{ kind: text, default: undefined, env: 'QS_VALIDATOR_PASSWORD_FILE' },
    description: 'File with the password of these key files; without it the terminal is asked',
  },
  validatorScheme: {
    ...{ kind: schemeList, default: 'ed25519', env: 'QS_VALIDATOR_SCHEME' },
    description:
      'How that validator signs: ed25519, ml-dsa-65 or secp256k1; several, with commas, are those of several key files',
  },
  injectKeyFile: {
    ...{ kind: text, default: undefined, env: 'QS_INJECT_KEY_FILE' },
    description:
      'Encrypted key file of the account that sends injected data which come without a signature; with --dev an own one',
  },
  injectPasswordFile: {
    ...{ kind: text, default: undefined, env: 'QS_INJECT_PASSWORD_FILE' },
    description: 'File with the password of that key file; without it the terminal is asked',
  },
  injectLimit: {
    ...{ kind: within(1, 127, true), default: 64, env: 'QS_INJECT_LIMIT', unit: 'KiB' },
    description: 'Most bytes of injected data; what is larger fits into no transaction',
  },
  injectSchemas: {
    ...{ kind: text, default: undefined, env: 'QS_INJECT_SCHEMAS' },
    description:
      'Folder with a JSON Schema for each chain whose injected data have to fit one: NAME.json',
  },
  classicRoutes: {
    ...{ kind: flag, default: false, env: 'QS_CLASSIC_ROUTES' },
    description: 'Serves the routes of a data chain also under their bare old names, and GET /leap',
  },
  ...roleSettings,
  ...databaseSettings,
  ...eventSettings,
  logLevel: {
    ...{ kind: oneOf('debug', 'info', 'warn', 'error'), default: 'warn', env: 'QS_LOG_LEVEL' },
    description: 'Least severity of the lines of the log, which goes to stderr as JSON',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>

export type SettingName = keyof typeof settings

type ValueOf<S> = S extends { readonly kind: Kind<infer T>; readonly default: infer D }
  ? Exclude<T, undefined> | (undefined extends D ? undefined : never)
  : never

/** The value of each setting. */
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> }

/** `rpcPort` as `rpc-port`. */
export function flagName(name: SettingName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Names in the order in which they are documented. */
export const settingNames = Object.keys(settings) as readonly SettingName[]

/** The schema of one setting without its exact type. */
export function settingOf(name: SettingName): Setting<unknown> {
  return settings[name]
}

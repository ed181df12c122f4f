/** Lists the rooms of src bottom up, what each may import, and the limits that every file keeps. */

/** The part of the program a room belongs to; the chain and event wings never meet below `top`. */
export type Wing = 'shared' | 'chain' | 'event' | 'top'

/** One row of the import table. */
export interface Room {
  readonly wing: Wing
  /** Rooms whose code it may import; all of them stand above it in the list. */
  readonly may: readonly string[]
  /** Rooms of which it may import types only. */
  readonly mayTypes?: readonly string[]
  /** npm packages it may import, by name; none unless listed. */
  readonly packages?: readonly string[]
  /** A pure room gets time, randomness, files and network as arguments. */
  readonly pure?: true
}

const below = ['abi', 'base', 'crypto', 'store']
const chain = ['chain/ledger', 'chain/state', 'chain/evm', 'chain/consensus', 'chain/txpool']

/** The rooms, lowest first. */
export const rooms: Readonly<Record<string, Room>> = {
  abi: { wing: 'shared', may: [] },
  base: { wing: 'shared', may: [] },
  crypto: {
    wing: 'shared',
    may: ['base'],
    packages: ['@noble/curves', '@noble/hashes', '@scure/bip32', '@scure/bip39', 'secp256k1'],
  },
  store: { wing: 'shared', may: ['base'], packages: ['pg'] },
  quantum: { wing: 'shared', may: ['base'], pure: true },
  energy: { wing: 'shared', may: ['base'], pure: true },
  'chain/ledger': {
    wing: 'chain',
    may: ['abi', 'base', 'crypto'],
    pure: true,
  },
  'chain/state': {
    wing: 'chain',
    may: ['base', 'crypto', 'chain/ledger'],
    mayTypes: ['store'],
    pure: true,
  },
  'chain/evm': {
    wing: 'chain',
    may: ['base', 'crypto', 'chain/ledger', 'chain/state'],
    pure: true,
  },
  'chain/consensus': { wing: 'chain', may: ['abi', 'base', 'crypto', 'chain/ledger'], pure: true },
  'chain/txpool': { wing: 'chain', may: ['base', 'crypto', 'chain/ledger', 'chain/state'] },
  chain: { wing: 'chain', may: [...below, ...chain] },
  network: { wing: 'chain', may: [...below, 'chain/ledger'] },
  rpc: {
    wing: 'chain',
    may: [...below, ...chain, 'chain', 'network'],
    packages: ['ws'],
  },
  stream: {
    wing: 'event',
    may: below,
    packages: ['@nats-io/jetstream', '@nats-io/transport-node', 'ioredis', 'viem', 'ws'],
  },
  workflow: {
    wing: 'event',
    may: [...below, 'stream'],
    packages: [
      ...['@grpc/grpc-js', '@grpc/proto-loader', 'ajv', 'ajv-formats', 'croner', 'jose'],
      ...['protobufjs', 'undici', 'viem', 'yaml'],
      ...['@aws-sdk/client-lambda', '@restatedev/restate-sdk', 'zod'],
    ],
  },
  projection: {
    wing: 'event',
    may: [...below, 'stream', 'workflow'],
    packages: ['viem', 'zod'],
  },
  services: {
    wing: 'event',
    may: [...below, 'quantum', 'energy', 'stream', 'workflow'],
    packages: [
      ...['@nats-io/jetstream', '@nats-io/transport-node', 'amqplib', 'ioredis', 'mqtt'],
      ...['nodemailer', 'web-push', 'zod'],
    ],
  },
  api: {
    wing: 'event',
    may: [...below, 'stream', 'workflow', 'projection', 'services'],
    packages: [
      ...['@bufbuild/protobuf', '@connectrpc/connect', '@connectrpc/connect-node'],
      ...['@hono/node-server', '@hono/zod-openapi', 'hono'],
    ],
  },
  node: {
    wing: 'top',
    may: [
      ...[...below, 'quantum', 'energy', ...chain, 'chain', 'network', 'rpc'],
      ...['stream', 'workflow', 'projection', 'services', 'api'],
    ],
    packages: ['pino', 'prom-client', 'viem'],
  },
  cli: { wing: 'top', may: ['base', 'api', 'node'] },
}

/** npm packages that tests of every room may import. */
export const testPackages = ['fast-check', 'viem']

/** Words that say nothing about what a file is for; none may be a part of a file or folder name. */
export const bannedWords = [
  'index',
  'utils',
  'util',
  'common',
  'types',
  'helpers',
  'helper',
  'manager',
]

/** Longest file, in lines. */
export const maxFileLines = 400

/** Longest function, in lines; tests and suites are exempt. */
export const maxFunctionLines = 70

/** Files that load code which is no part of the program, by a path that comes from outside. */
export const loaders = ['src/workflow/providers/function-thread.ts']

/** Folders of AssemblyScript, which only the kernel's compiler reads. */
export const assemblyFolders = ['kernel/']

/** A file that may break one rule, and why. */
export interface Exception {
  readonly file: string
  readonly rule: 'file-length' | 'function-length'
  readonly reason: string
}

/** The only files that break a limit; an entry that is no longer needed turns the test red. */
export const exceptions: readonly Exception[] = [
  {
    file: 'kernel/evm/interpreter.ts',
    rule: 'file-length',
    reason: 'the loop is one function, so that its registers stay locals of WebAssembly',
  },
]

/** Globals that reach the clock, randomness, the network or the machine. */
export const impureGlobals = new Set([
  ...['Date', 'performance', 'process', 'globalThis', 'console', 'crypto'],
  ...['fetch', 'WebSocket', 'EventSource', 'navigator', 'localStorage'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
])

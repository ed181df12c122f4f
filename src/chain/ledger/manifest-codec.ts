/** Reads and writes manifests as JSON, strictly. */

import { toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { consensusFromJson, consensusToJson } from './consensus-json.ts'
import { type DaoFork, type Hardfork, hardforks, isAtLeast } from './fork-rules.ts'
import { chainRules, type ForkStart, forksFromJson, forksToJson } from './fork-schedule.ts'
import { jsonFields, maxU64 } from './json-fields.ts'
import {
  type Consensus,
  type Genesis,
  type GenesisAccount,
  isOwn,
  type Manifest,
  ownForks,
  type ParentBlock,
} from './manifest.ts'
import type { Hash } from './transaction.ts'

/** So that v of a legacy signature fits in 64 bits (EIP-2294). */
export const maxChainId = maxU64 / 2n - 36n
/** Clients agree on signed 64 bits (EIP-1985). */
export const maxGasLimit = 2n ** 63n - 1n
/** Yellow Paper, section 4.3.4. */
export const minGasLimit = 5_000n
/** Extra data of a first block, by engine: chains of elsewhere may have begun with a list of signers in it. */
export const maxExtraBytes = {
  ...{ dev: 32, ethereum: 16_384, pow: 0, hybrid: 0, bft: 0, pos: 0, dpos: 0 },
} as const
/** Engines that say about the first block themselves what others leave to the manifest. */
const recordedEngines: readonly Consensus['engine'][] = ['pow', 'pos', 'dpos']
/** What that is. */
const ownToEngine = ['difficulty', 'mixHash', 'nonce', 'beneficiary'] as const

const json = jsonFields('ledger/bad-manifest', 'manifest')

/**
 * The canonical text of a manifest: keys sorted, no spaces (RFC 8785), every field written out that is there; balances and
 * numbers of the chain as decimal strings, bytes as hex. A chain that never forks names its rules by `hardfork`.
 */
export function manifestToJson(manifest: Manifest): string {
  const accounts = Array.from(manifest.genesis.accounts, accountText).join(',')
  return manifestHead(manifest).replace('"accounts":[]', () => `"accounts":[${accounts}]`)
}

/** The same text without the accounts. */
export function manifestHead(manifest: Manifest): string {
  const { version, name, consensus, genesis, forks, depositContract, daoFork, parent } = manifest
  const [only, ...others] = forks
  const isOne = only && others.length === 0 && Object.keys(only).length === 1
  return canonical({
    ...{ version, name, consensus: consensusToJson(consensus), genesis: headToJson(genesis) },
    chainId: String(manifest.chainId),
    ...(isOne ? { hardfork: only.hardfork } : { forks: forksToJson(forks) }),
    ...(depositContract && { depositContract: toHex(depositContract) }),
    ...(daoFork && { daoFork: { ...daoFork, block: String(daoFork.block) } }),
    ...(parent && { parent: textsOf(parent) }),
  })
}

function headToJson({ accounts: _, ...header }: Genesis): unknown {
  return { ...textsOf(header), accounts: [] }
}

/** Numbers in decimal digits, bytes as hex. */
function textsOf(fields: object): Readonly<Record<string, string>> {
  const texts = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? toHex(value) : String(value),
  ])
  return Object.fromEntries(texts)
}

/** Its keys are in their order; `canonical` would take seconds for a million accounts. */
function accountText({ address, balance, nonce, code, storage }: GenesisAccount): string {
  const slots = storage.map(([slot, value]) => `["${slot}","${value}"]`).join(',')
  return `{"address":"${toHex(address)}","balance":"${balance}","code":"${toHex(code)}","nonce":"${nonce}","storage":[${slots}]}`
}

/** What tells chains apart that share a chain id: keccak-256 of the canonical manifest. */
export function chainKey(manifest: Manifest): Hash {
  return keyOfManifest(new TextEncoder().encode(manifestToJson(manifest)))
}

/** The same of the bytes of a canonical manifest, which a large one takes long to make. */
export function keyOfManifest(canonical: Uint8Array): Hash {
  return keccak256(canonical)
}

/**
 * A manifest from its JSON text. Accounts may leave out `nonce`, `code` and `storage`.
 *
 * @throws AppError `ledger/bad-manifest`, naming the field
 */
export function parseManifest(text: string): Manifest {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw json.bad('it', 'is no JSON')
  }
  const root = json.only(content, 'the manifest', [
    ...['version', 'name', 'chainId', 'hardfork', 'forks', 'depositContract', 'daoFork'],
    ...['consensus', 'genesis', 'parent'],
  ])
  if (root.version !== 1) throw json.bad('version', 'must be 1')
  const chainId = json.natural(root.chainId, 'chainId', maxChainId)
  if (chainId === 0n) throw json.bad('chainId', 'must not be 0')
  const consensus = consensusFromJson(root.consensus, json)
  const forks = parseForks(root, isOwn(consensus) ? ownForks : hardforks)
  const genesis = parseGenesis(root.genesis, maxExtraBytes[consensus.engine])
  assertFitting(genesis, { chainId, forks, consensus })
  return {
    ...{ version: 1, name: chainName(root.name), chainId, forks, consensus, genesis },
    ...(root.depositContract === undefined
      ? {}
      : { depositContract: json.bytes(root.depositContract, 'depositContract', 20) }),
    ...(root.daoFork === undefined ? {} : { daoFork: daoForkFrom(root.daoFork) }),
    ...(root.parent === undefined ? {} : { parent: parentFrom(root.parent, genesis, consensus) }),
  }
}

function parentFrom(value: unknown, { accounts }: Genesis, { engine }: Consensus): ParentBlock {
  const parent = json.only(value, 'parent', ['chain', 'number', 'hash', 'stateRoot'])
  if (engine === 'ethereum') throw json.bad('parent', 'is for chains that make their own blocks')
  if (engine === 'pos' || engine === 'dpos') {
    throw json.bad('parent', `is not for ${engine}: its contract of stakes is born with the chain`)
  }
  for (const _ of accounts) {
    throw json.bad('genesis.accounts', 'must be empty: they are those of the parent')
  }
  const hash = (name: string) => json.bytes(parent[name], `parent.${name}`, 32)
  return {
    ...{ chain: hash('chain'), number: json.natural(parent.number, 'parent.number', maxU64) },
    ...{ hash: hash('hash'), stateRoot: hash('stateRoot') },
  }
}

function daoForkFrom(value: unknown): DaoFork {
  const { block, isTaken } = json.only(value, 'daoFork', ['block', 'isTaken'])
  if (typeof isTaken !== 'boolean') throw json.bad('daoFork.isTaken', 'must be true or false')
  return { block: json.natural(block, 'daoFork.block', maxU64), isTaken }
}

/** Bytes of accounts that are read at once. */
const pieceBytes = 1024 * 1024

/**
 * The accounts of a canonical manifest, one after the other; only a part of them is in memory.
 *
 * @throws AppError `ledger/bad-manifest`
 */
export function* accountsIn(canonical: Uint8Array): Generator<GenesisAccount> {
  const decoder = new TextDecoder()
  const opening = '"accounts":['
  const before = decoder.decode(canonical.subarray(0, pieceBytes)).indexOf(opening)
  const end = canonical.lastIndexOf(0x5d)
  if (before < 0 || end < 0) throw json.bad('genesis.accounts', 'is missing')
  let place = 0
  for (let at = before + opening.length; at < end; ) {
    const next = nextAccount(canonical, Math.min(at + pieceBytes, end), end)
    const accounts = JSON.parse(`[${decoder.decode(canonical.subarray(at, next))}]`) as unknown[]
    for (const account of accounts) {
      yield parseAccount(account, `genesis.accounts[${place}]`)
      place += 1
    }
    at = next + 1
  }
}

/** Where the comma before the next account is, or the end; nothing else has a comma between braces. */
function nextAccount(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  const isBetween = () => bytes[at - 1] === 0x7d && bytes[at] === 0x2c && bytes[at + 1] === 0x7b
  while (at < end && !isBetween()) at += 1
  return at
}

function assertFitting(
  genesis: Genesis,
  chain: Pick<Manifest, 'chainId' | 'forks' | 'consensus'>,
): void {
  if (recordedEngines.includes(chain.consensus.engine)) {
    const name = ownToEngine.find((one) => genesis[one] !== undefined)
    if (name) throw json.bad(`genesis.${name}`, 'follows from the engine; leave it out')
  }
  const { hardfork } = chainRules(chain).rulesAt({ ...genesis, number: 0n })
  const has = genesis.baseFeePerGas !== undefined
  if (has === isAtLeast(hardfork, 'london')) return
  const reason = has
    ? `is not in ${hardfork}`
    : `is missing, though the chain begins by ${hardfork}`
  throw json.bad('genesis.baseFeePerGas', reason)
}

/** Whether a chain may have this name. */
export function isChainName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(name)
}

function chainName(name: unknown): string {
  if (typeof name === 'string' && isChainName(name)) return name
  throw json.bad('name', 'must be 1 to 32 lower-case letters, digits and dashes, a letter first')
}

/** A schedule, or the one fork of a chain that never forks. */
function parseForks(
  { hardfork, forks }: Record<string, unknown>,
  known: readonly Hardfork[],
): readonly ForkStart[] {
  if (forks !== undefined) {
    if (hardfork !== undefined) throw json.bad('forks', 'stands beside hardfork; give one of them')
    return forksFromJson(forks, json, known)
  }
  const only = known.find((one) => one === hardfork)
  if (only === undefined) throw json.bad('hardfork', `must be one of ${known.join(', ')}`)
  return [{ hardfork: only }]
}

/** Fields of the first block that may be absent, with the bounds of numbers and the lengths of bytes. */
const optionalNumbers = [
  ['baseFeePerGas', undefined],
  ['difficulty', undefined],
  ['excessBlobGas', maxU64],
  ['blobGasUsed', maxU64],
] as const
const optionalBytes = [
  ['beneficiary', 20],
  ['mixHash', 32],
  ['nonce', 8],
] as const

function parseGenesis(value: unknown, maxExtra: number): Genesis {
  const names = [...optionalNumbers, ...optionalBytes].map(([name]) => name)
  const genesis = json.only(value, 'genesis', [
    ...['timestamp', 'gasLimit', 'extraData', 'accounts', ...names],
  ])
  const extraData = json.bytes(genesis.extraData, 'genesis.extraData')
  if (extraData.length > maxExtra) {
    throw json.bad('genesis.extraData', `must have at most ${maxExtra} bytes`)
  }
  const gasLimit = json.natural(genesis.gasLimit, 'genesis.gasLimit', maxGasLimit)
  if (gasLimit < minGasLimit) throw json.bad('genesis.gasLimit', `must be at least ${minGasLimit}`)
  const accounts = json
    .list(genesis.accounts, 'genesis.accounts')
    .map((account, at) => parseAccount(account, `genesis.accounts[${at}]`))
  assertOnce(
    accounts.map(({ address }) => toHex(address)),
    'genesis.accounts',
  )
  const given = (name: string) => genesis[name] !== undefined
  const numbers = optionalNumbers
    .filter(([name]) => given(name))
    .map(([name, most]) => [name, json.natural(genesis[name], `genesis.${name}`, most)])
  const bytes = optionalBytes
    .filter(([name]) => given(name))
    .map(([name, length]) => [name, json.bytes(genesis[name], `genesis.${name}`, length)])
  return {
    timestamp: json.natural(genesis.timestamp, 'genesis.timestamp', maxU64),
    ...{ gasLimit, extraData, accounts },
    ...Object.fromEntries([...numbers, ...bytes]),
  }
}

function parseAccount(value: unknown, where: string): GenesisAccount {
  const names = ['address', 'balance', 'nonce', 'code', 'storage']
  const {
    address,
    balance,
    nonce = '0',
    code = '0x',
    storage = [],
  } = json.only(value, where, names)
  const slots = `${where}.storage`
  const pairs = json.list(storage, slots).map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw json.bad(slots, 'must hold pairs')
    return [json.natural(pair[0], slots), json.natural(pair[1], slots)] as const
  })
  assertOnce(
    pairs.map(([slot]) => `slot ${slot}`),
    slots,
  )
  return {
    address: json.bytes(address, `${where}.address`, 20),
    balance: json.natural(balance, `${where}.balance`),
    // One nonce must be left, since the highest can never be used (EIP-2681).
    nonce: json.natural(nonce, `${where}.nonce`, maxU64 - 1n),
    code: json.bytes(code, `${where}.code`),
    storage: pairs,
  }
}

function assertOnce(names: readonly string[], where: string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw json.bad(where, `names ${name} twice`)
    seen.add(name)
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`
}

/** Reads and writes manifests as JSON, strictly. */

import { AppError } from '../../base/app-error.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { type GenesisAccount, type Manifest, ownForks } from './manifest.ts'
import type { Hash } from './transaction.ts'

const maxU64 = 2n ** 64n - 1n
const maxU256 = 2n ** 256n - 1n
/** So that v of a legacy signature fits in 64 bits (EIP-2294). */
const maxChainId = maxU64 / 2n - 36n
/** Clients agree on signed 64 bits (EIP-1985). */
const maxGasLimit = 2n ** 63n - 1n
/** Yellow Paper, section 4.3.4. */
const minGasLimit = 5_000n
/** A day. */
const maxBlockTimeMs = 86_400_000n

/**
 * The canonical text of a manifest: keys sorted, no spaces (RFC 8785), every field written out; balances and
 * numbers of the chain as decimal strings, bytes as hex.
 */
export function manifestToJson(manifest: Manifest): string {
  const { genesis } = manifest
  return canonical({
    ...manifest,
    chainId: String(manifest.chainId),
    genesis: {
      timestamp: String(genesis.timestamp),
      gasLimit: String(genesis.gasLimit),
      baseFeePerGas: String(genesis.baseFeePerGas),
      extraData: toHex(genesis.extraData),
      accounts: genesis.accounts.map((account) => ({
        address: toHex(account.address),
        balance: String(account.balance),
        nonce: String(account.nonce),
        code: toHex(account.code),
        storage: account.storage.map((pair) => pair.map(String)),
      })),
    },
  })
}

/** What tells chains apart that share a chain id: keccak-256 of the canonical manifest. */
export function chainKey(manifest: Manifest): Hash {
  return keccak256(new TextEncoder().encode(manifestToJson(manifest)))
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
    throw bad('it', 'is no JSON')
  }
  const root = fieldsOf(content, 'the manifest', [
    'version',
    'name',
    'chainId',
    'hardfork',
    'consensus',
    'genesis',
  ])
  if (root.version !== 1) throw bad('version', 'must be 1')
  const name = root.name
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
    throw bad('name', 'must be 1 to 32 lower-case letters, digits and dashes, a letter first')
  }
  const hardfork = ownForks.find((one) => one === root.hardfork)
  if (hardfork === undefined) throw bad('hardfork', `must be one of ${ownForks.join(', ')}`)
  const chainId = natural(root.chainId, 'chainId', maxChainId)
  if (chainId === 0n) throw bad('chainId', 'must not be 0')
  return {
    ...{ version: 1, name, chainId, hardfork },
    consensus: parseConsensus(root.consensus),
    genesis: parseGenesis(root.genesis),
  }
}

function parseConsensus(value: unknown): Manifest['consensus'] {
  const { engine, blockTimeMs } = fieldsOf(value, 'consensus', ['engine', 'blockTimeMs'])
  if (engine !== 'dev') throw bad('consensus.engine', 'must be dev')
  const time = natural(blockTimeMs, 'consensus.blockTimeMs', maxBlockTimeMs)
  if (typeof blockTimeMs !== 'number') throw bad('consensus.blockTimeMs', 'must be a JSON number')
  return { engine, blockTimeMs: Number(time) }
}

function parseGenesis(value: unknown): Manifest['genesis'] {
  const names = ['timestamp', 'gasLimit', 'baseFeePerGas', 'extraData', 'accounts']
  const genesis = fieldsOf(value, 'genesis', names)
  const extraData = bytes(genesis.extraData, 'genesis.extraData')
  if (extraData.length > 32) throw bad('genesis.extraData', 'must have at most 32 bytes')
  const gasLimit = natural(genesis.gasLimit, 'genesis.gasLimit', maxGasLimit)
  if (gasLimit < minGasLimit) throw bad('genesis.gasLimit', `must be at least ${minGasLimit}`)
  if (!Array.isArray(genesis.accounts)) throw bad('genesis.accounts', 'must be a list')
  const accounts = genesis.accounts.map((account, at) =>
    parseAccount(account, `genesis.accounts[${at}]`),
  )
  assertOnce(
    accounts.map(({ address }) => toHex(address)),
    'genesis.accounts',
  )
  return {
    timestamp: natural(genesis.timestamp, 'genesis.timestamp', maxU64),
    gasLimit,
    baseFeePerGas: natural(genesis.baseFeePerGas, 'genesis.baseFeePerGas'),
    extraData,
    accounts,
  }
}

function parseAccount(value: unknown, where: string): GenesisAccount {
  const names = ['address', 'balance', 'nonce', 'code', 'storage']
  const { address, balance, nonce = '0', code = '0x', storage = [] } = fieldsOf(value, where, names)
  const addressBytes = bytes(address, `${where}.address`)
  if (addressBytes.length !== 20) throw bad(`${where}.address`, 'must have 20 bytes')
  if (!Array.isArray(storage)) throw bad(`${where}.storage`, 'must be a list')
  const pairs = storage.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw bad(`${where}.storage`, 'must hold pairs')
    return [natural(pair[0], `${where}.storage`), natural(pair[1], `${where}.storage`)] as const
  })
  assertOnce(
    pairs.map(([slot]) => `slot ${slot}`),
    `${where}.storage`,
  )
  return {
    address: addressBytes,
    balance: natural(balance, `${where}.balance`),
    // One nonce must be left, since the highest can never be used (EIP-2681).
    nonce: natural(nonce, `${where}.nonce`, maxU64 - 1n),
    code: bytes(code, `${where}.code`),
    storage: pairs,
  }
}

function assertOnce(names: readonly string[], where: string): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw bad(where, `names ${name} twice`)
    seen.add(name)
  }
}

function fieldsOf(
  value: unknown,
  where: string,
  names: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(where, 'must be an object')
  }
  const stranger = Object.keys(value).find((name) => !names.includes(name))
  if (stranger !== undefined) throw bad(where, `has the unknown field "${stranger}"`)
  return value as Record<string, unknown>
}

/** A natural number up to `most`, as a JSON number or decimal text. */
function natural(value: unknown, where: string, most = maxU256): bigint {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  const isText = typeof value === 'string' && /^(0|[1-9]\d{0,77})$/.test(value)
  const number = isNumber || isText ? BigInt(value) : undefined
  if (number === undefined || number > most) {
    throw bad(where, `must be a natural number of at most ${most}, in decimal digits`)
  }
  return number
}

function bytes(value: unknown, where: string): Uint8Array {
  try {
    if (typeof value === 'string') return fromHex(value)
  } catch {
    // Told below, by the field's name.
  }
  throw bad(where, 'must be bytes as hex with 0x')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`
}

function bad(where: string, reason: string): AppError {
  return new AppError({ code: 'ledger/bad-manifest', message: `manifest: ${where} ${reason}` })
}

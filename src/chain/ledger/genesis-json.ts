/** Reads the genesis files that Ethereum clients share (go-ethereum's `genesis.json`) as manifests. */

import { fromBigInt, padStart } from '../../base/bytes.ts'
import { type BlobParameters, type Hardfork, isAtLeast } from './fork-rules.ts'
import { assertInOrder, blobsFromJson, chainRules, type ForkStart } from './fork-schedule.ts'
import { type JsonFields, jsonFields, maxU64 } from './json-fields.ts'
import type { Genesis, GenesisAccount, Manifest } from './manifest.ts'
import { maxChainId, maxExtraBytes, maxGasLimit, minGasLimit } from './manifest-codec.ts'
import type { Address } from './transaction.ts'

const json: JsonFields = jsonFields('ledger/bad-genesis', 'genesis file')

/** Wei per gas of a first block by London's rules that names no base fee (EIP-1559, INITIAL_BASE_FEE). */
const initialBaseFee = 1_000_000_000n

type Config = Readonly<Record<string, unknown>>

/** Forks that begin with a block, in their order, by the names that the file has for them. */
const blockForks: readonly (readonly [name: string, hardfork: Hardfork, bombDelay?: number])[] = [
  ['homesteadBlock', 'homestead'],
  ['eip150Block', 'tangerine-whistle'],
  ['eip158Block', 'spurious-dragon'],
  ['byzantiumBlock', 'byzantium'],
  ['constantinopleBlock', 'constantinople'],
  ['petersburgBlock', 'petersburg'],
  ['istanbulBlock', 'istanbul'],
  ['muirGlacierBlock', 'istanbul', 9_000_000],
  ['berlinBlock', 'berlin'],
  ['londonBlock', 'london'],
  ['arrowGlacierBlock', 'london', 10_700_000],
  ['grayGlacierBlock', 'london', 11_400_000],
]

/** Forks that begin at a time, and what stands for their blobs in `blobSchedule`. */
const timeForks: readonly (readonly [name: string, hardfork: Hardfork, blobs: string])[] = [
  ['shanghaiTime', 'shanghai', ''],
  ['cancunTime', 'cancun', 'cancun'],
  ['pragueTime', 'prague', 'prague'],
  ['osakaTime', 'osaka', 'osaka'],
  ['bpo1Time', 'osaka', 'bpo1'],
  ['bpo2Time', 'osaka', 'bpo2'],
  ['bpo3Time', 'osaka', 'bpo3'],
  ['bpo4Time', 'osaka', 'bpo4'],
  ['bpo5Time', 'osaka', 'bpo5'],
]

/** Forks newer than what is known here; a chain that plans one cannot be followed past it. */
const unknownForks = ['amsterdamTime', 'verkleTime', 'ubtTime']

/**
 * A manifest from the text of a genesis file, for a chain of that name on the engine `ethereum`. Fields of other clients
 * and engines are passed over.
 *
 * @throws AppError `ledger/bad-genesis`, naming the field
 */
export function manifestFromGenesis(text: string, name: string): Manifest {
  const root = inOurCase(json.any(parse(text), 'the file'))
  const config = json.any(root.config, 'config')
  const chainId = json.quantity(config.chainId, 'config.chainId', maxChainId)
  if (chainId === 0n) throw json.bad('config.chainId', 'must not be 0')
  const forks = forksOf(config)
  return {
    ...{ version: 1, name, chainId, forks, consensus: { engine: 'ethereum' } },
    depositContract: addressOf(
      config.depositContractAddress ?? noAddress,
      'depositContractAddress',
    ),
    ...daoForkOf(config),
    genesis: genesisOf(root, { chainId, forks }),
  }
}

function daoForkOf({ daoForkBlock, daoForkSupport }: Config): Pick<Manifest, 'daoFork'> {
  if (!isGiven(daoForkBlock)) return {}
  const block = json.quantity(daoForkBlock, 'config.daoForkBlock', maxU64)
  return { daoFork: { block, isTaken: daoForkSupport === true } }
}

/** Fields of the file that are read; clients take them in any case, and files that are about have some in another. */
const names = [
  ...['config', 'nonce', 'timestamp', 'extraData', 'gasLimit', 'difficulty', 'mixHash', 'coinbase'],
  ...['alloc', 'number', 'gasUsed', 'parentHash', 'baseFeePerGas', 'excessBlobGas', 'blobGasUsed'],
]

function inOurCase(file: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(file).map(([name, value]) => {
    const own = names.find((one) => one.toLowerCase() === name.toLowerCase())
    return [own ?? name, value] as const
  })
  return Object.fromEntries(entries)
}

const noAddress = `0x${'00'.repeat(20)}`

/** A number that a double may not hold as it is written. */
const largeNumber = /[:[,]\s*-?(?:\d{16}|\d+[.eE])/

/** Numbers stay as they are written, but for those of accounts when doubles hold all of them: there may be millions. */
function parse(text: string): unknown {
  try {
    if (largeNumber.test(text)) return JSON.parse(text, asWritten)
    const file: unknown = JSON.parse(text)
    if (typeof file !== 'object' || file === null || !('alloc' in file)) return file
    const { alloc, ...others } = file
    return { ...JSON.parse(JSON.stringify(others), asWritten), alloc }
  } catch {
    throw json.bad('it', 'is no JSON')
  }
}

function asWritten(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? value) : value
}

function forksOf(config: Config): readonly ForkStart[] {
  const unknown = unknownForks.find((name) => isGiven(config[name]))
  if (unknown !== undefined) {
    throw json.bad(`config.${unknown}`, 'is of a fork that is not known here; the newest is osaka')
  }
  if (isGiven(config.eip155Block) && config.eip155Block !== config.eip158Block) {
    throw json.bad('config.eip155Block', 'must be that of eip158Block')
  }
  const forks = [
    { hardfork: 'frontier', block: 0n } as const,
    ...blockForksOf(config),
    ...mergeOf(config),
    ...timeForksOf(config),
  ]
  assertInOrder(forks, json)
  return withoutPassed(forks)
}

function blockForksOf(config: Config): readonly ForkStart[] {
  // Petersburg takes back a part of Constantinople: they begin together where only one is named.
  const named: Config = {
    ...config,
    petersburgBlock: config.petersburgBlock ?? config.constantinopleBlock,
  }
  return blockForks.flatMap(([name, hardfork, bombDelay]) => {
    if (!isGiven(named[name])) return []
    const block = json.quantity(named[name], `config.${name}`, maxU64)
    return { hardfork, block, ...(bombDelay === undefined ? {} : { changes: { bombDelay } }) }
  })
}

function mergeOf(config: Config): readonly ForkStart[] {
  const { terminalTotalDifficulty: value, mergeNetsplitBlock: netsplit } = config
  if (!isGiven(value)) return []
  const totalDifficulty = json.quantity(value, 'config.terminalTotalDifficulty')
  if (totalDifficulty === 0n) return [{ hardfork: 'paris', block: 0n }]
  const netsplitBlock = isGiven(netsplit)
    ? { netsplitBlock: json.quantity(netsplit, 'config.mergeNetsplitBlock', maxU64) }
    : {}
  return [{ hardfork: 'paris', totalDifficulty, ...netsplitBlock }]
}

function timeForksOf(config: Config): readonly ForkStart[] {
  const schedule = json.any(config.blobSchedule ?? {}, 'config.blobSchedule')
  return timeForks.flatMap(([name, hardfork, key]) => {
    if (!isGiven(config[name])) return []
    const time = json.quantity(config[name], `config.${name}`, maxU64)
    const blobs = blobsOf(schedule[key], `config.blobSchedule.${key}`)
    if (blobs === undefined && key.startsWith('bpo')) {
      throw json.bad(`config.blobSchedule.${key}`, `is missing, though there is ${name}`)
    }
    return { hardfork, time, ...(blobs && { blobs }) }
  })
}

function blobsOf(value: unknown, where: string): BlobParameters | undefined {
  if (!isGiven(value)) return undefined
  const numbers = Object.entries(json.any(value, where)).map(([name, one]) => {
    return [name, String(json.quantity(one, `${where}.${name}`))]
  })
  return blobsFromJson(Object.fromEntries(numbers), where, json, 'baseFeeUpdateFraction')
}

/** Leaves out what is over when the chain begins, so that one with a single set of rules has a single entry. */
function withoutPassed(forks: readonly ForkStart[]): readonly ForkStart[] {
  const starts = forks.map(({ block, time }) => block === 0n || time === 0n)
  const first = starts.lastIndexOf(true)
  const [birth, ...others] = forks.slice(first)
  if (birth === undefined) return forks
  const { block: _, time: _time, ...rest } = birth
  return [rest, ...others]
}

function genesisOf(
  root: Record<string, unknown>,
  chain: { readonly chainId: bigint; readonly forks: readonly ForkStart[] },
): Genesis {
  for (const name of ['number', 'gasUsed', 'parentHash']) {
    if (!isGiven(root[name]) || json.quantity(root[name], name) === 0n) continue
    throw json.bad(name, 'must be 0: a chain begins with its first block')
  }
  const number = (name: string, most?: bigint) => json.quantity(root[name], name, most)
  const orZero = (name: string, most?: bigint) => (isGiven(root[name]) ? number(name, most) : 0n)
  const gasLimit = number('gasLimit', maxGasLimit)
  if (gasLimit < minGasLimit) throw json.bad('gasLimit', `must be at least ${minGasLimit}`)
  const extraData = bytesOf(root.extraData, 'extraData')
  if (extraData.length > maxExtraBytes.ethereum) {
    throw json.bad('extraData', `must have at most ${maxExtraBytes.ethereum} bytes`)
  }
  const timestamp = orZero('timestamp', maxU64)
  const difficulty = number('difficulty')
  const { hardfork } = chainRules(chain).rulesAt({ number: 0n, timestamp, difficulty })
  const baseFeePerGas = isGiven(root.baseFeePerGas) ? number('baseFeePerGas') : initialBaseFee
  const blobs = {
    ...{ excessBlobGas: orZero('excessBlobGas', maxU64) },
    blobGasUsed: orZero('blobGasUsed', maxU64),
  }
  return {
    ...{ timestamp, gasLimit, extraData, difficulty, accounts: accountsOf(root.alloc) },
    beneficiary: addressOf(root.coinbase ?? noAddress, 'coinbase'),
    mixHash: isGiven(root.mixHash) ? json.bytes(root.mixHash, 'mixHash', 32) : new Uint8Array(32),
    nonce: padStart(fromBigInt(orZero('nonce', maxU64)), 8),
    ...(isAtLeast(hardfork, 'london') ? { baseFeePerGas } : {}),
    ...(isAtLeast(hardfork, 'cancun') ? blobs : {}),
  }
}

/** Bytes, of which there are none if nothing is said. */
function bytesOf(value: unknown, where: string): Uint8Array {
  const isNothing = !isGiven(value) || value === '' || value === '0x'
  return isNothing ? noBytes : json.bytes(value, where)
}

/** Shared by all accounts without code. */
const noBytes = new Uint8Array()

function accountsOf(alloc: unknown): readonly GenesisAccount[] {
  const seen = new Set<string>()
  return Object.entries(json.any(alloc, 'alloc')).map(([key, value]) => {
    const where = `alloc.${key.slice(0, 60)}`
    const address = addressOf(key, where)
    const name = address.toHex()
    if (seen.has(name)) throw json.bad(where, 'is named twice')
    seen.add(name)
    const account = json.any(value, where)
    const { balance = '0', nonce = '0', code = '0x', storage = {} } = account
    return {
      address,
      balance: json.quantity(balance, `${where}.balance`),
      nonce: json.quantity(nonce, `${where}.nonce`, maxU64 - 1n),
      code: bytesOf(code, `${where}.code`),
      storage: Object.entries(json.any(storage, `${where}.storage`)).map(([slot, one]) => {
        const place = `${where}.storage.${slot.slice(0, 70)}`
        const word = (text: string) => json.quantity(/^0x/i.test(text) ? text : `0x${text}`, place)
        return [word(slot), word(String(one))] as const
      }),
    }
  })
}

function addressOf(value: unknown, where: string): Address {
  const isBare = typeof value === 'string' && !value.startsWith('0x')
  return json.bytes(isBare ? `0x${value}` : value, where, 20)
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Opens the chain that the event wing works on: one of this process, or a foreign one. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { GenesisAccount, GenesisAccounts, Manifest } from '../chain/ledger/manifest.ts'
import { readStoredManifest } from '../chain/stored-manifest.ts'
import { createEndpointClient, createFailoverClient } from '../stream/endpoint-clients.ts'
import { absentChain } from './absent-chain.ts'
import { openChainSet, type SourceChain, serveChains } from './chain-server.ts'
import type { Composition } from './composition.ts'
import { withoutSecrets } from './config.ts'
import { devAccounts, senderAccount, testWords } from './dev-accounts.ts'
import { deployDevContracts } from './dev-contracts.ts'
import { devName, followedManifest, openFollowed } from './followed-chain.ts'
import { contractsOf, foreignChainId, isDevelopmentNode, waitHooks } from './foreign-chain.ts'
import { rolesOf } from './roles.ts'
import { endpointsOf } from './setting-kinds.ts'
import type { SettingValues } from './settings.ts'
import { readGenesisFile } from './stored-chain.ts'

/** Name of a foreign chain. */
const foreignName = 'foreign'
const etherEach = 10_000n * 10n ** 18n

/**
 * Opens the chain that the settings name.
 *
 * @returns `undefined` when the start was ended while a foreign endpoint did not answer
 */
export async function openChain(composition: Composition): Promise<SourceChain | undefined> {
  const { values } = composition
  if (values.endpoint !== undefined) return openForeign(composition, values.endpoint)
  if (values.dev && values.chain !== undefined) throw twoChains(`--chain ${values.chain} names`)
  if (values.dev) return openEmbedded(composition)
  const followed = await followedManifest(composition)
  if (followed) return openFollowed(composition, followed)
  // Who follows no chain may work without one.
  if (rolesOf(values).isPart && !rolesOf(values).isListener) return absentChain()
  throw await nothingToRun(values)
}

/** The manifest by which a development chain is to begin, if one is given. */
async function ownBirth(values: SettingValues): Promise<Manifest | undefined> {
  const { genesis, import: blocks } = values
  const folder = path.join(values.data, 'chains', devName)
  const birth =
    genesis === undefined ? undefined : await readGenesisFile(genesis, { name: devName, folder })
  if (blocks === undefined && birth?.consensus.engine !== 'ethereum') return birth
  const what = blocks === undefined ? `${genesis} is for` : '--import is for'
  const message = `${what} a chain whose blocks come from elsewhere, --dev makes one of its own: leave out one`
  throw new AppError({ code: 'node/two-chains', message })
}

function twoChains(what: string): AppError {
  const message = `${what} a stored chain to stand on, --dev makes one of its own: leave out one`
  return new AppError({ code: 'node/two-chains', message })
}

async function nothingToRun(values: SettingValues): Promise<AppError> {
  const stored = await readStoredManifest(path.join(values.data, 'chains', devName))
  const message = stored
    ? `the chain in ${values.data} is a development chain: start it with --dev`
    : 'nothing to run: give --dev for a development chain, a birth by --genesis or a folder with a stored chain by --data, or a foreign chain by BLOCKCHAIN_ENDPOINT'
  return new AppError({ code: 'node/nothing-to-run', message })
}

async function openEmbedded(composition: Composition): Promise<SourceChain> {
  const { values } = composition
  const folder = path.join(values.data, 'chains')
  const accounts = devAccounts(values.mnemonic ?? testWords, values.accounts)
  const platform = senderAccount(values.mnemonic ?? testWords)
  const born = (await ownBirth(values)) ?? (await readStoredManifest(path.join(folder, devName)))
  const manifest = manifestOf(composition, born)
  const open = await openChainSet(composition, manifest, fromHex(platform.address))
  const served = await serveChains(composition, open, accounts)
  const { client, rpcUrl } = served
  const chainId = Number(manifest.chainId)
  return {
    ...{ name: devName, chainId, embedded: true, born: open.chain.manifest },
    ...served,
    minesOnDemand: manifest.consensus.engine === 'dev' && manifest.consensus.blockTimeMs === 0,
    endpoint: rpcUrl ?? '',
    contracts: await deployDevContracts(client, platform, chainId),
    accounts: accounts.slice(0, 8).map(({ address }) => address),
    startBlock: 0,
  }
}

/** The given or stored manifest with the settings that were given; a contradiction is found when the chain opens. */
function manifestOf({ values, given }: Composition, born: Manifest | undefined): Manifest {
  const accounts = devAccounts(values.mnemonic ?? testWords, values.accounts).map(
    ({ address }) => ({
      ...{ address: fromHex(address), balance: etherEach, nonce: 0n, code: new Uint8Array() },
      storage: [],
    }),
  )
  const consensus = { engine: 'dev', blockTimeMs: Math.round(values.blockTime * 1_000) } as const
  if (born === undefined) {
    return {
      ...{ version: 1, name: devName, chainId: BigInt(values.chainId), consensus },
      forks: [{ hardfork: values.hardfork }],
      genesis: {
        timestamp: BigInt(Math.floor(systemClock.nowMs() / 1_000)),
        gasLimit: BigInt(values.gasLimit),
        baseFeePerGas: 1_000_000_000n,
        extraData: new TextEncoder().encode('QuantumStream'),
        accounts,
      },
    }
  }
  mustHaveAccounts(born, accounts, values)
  const has = (name: keyof SettingValues) => given[name] !== undefined
  const { source, ...manifest } = born
  const isAsInFile = !(['chainId', 'hardfork', 'blockTime', 'gasLimit'] as const).some(has)
  return {
    ...{ ...manifest, name: devName, ...(source && isAsInFile ? { source } : {}) },
    ...(has('chainId') ? { chainId: BigInt(values.chainId) } : {}),
    ...(has('hardfork') ? { forks: [{ hardfork: values.hardfork }] } : {}),
    ...(has('blockTime') ? { consensus } : {}),
    genesis: {
      ...born.genesis,
      ...(has('gasLimit') ? { gasLimit: BigInt(values.gasLimit) } : {}),
    },
  }
}

/** The chain must have given its ether to the accounts of the mnemonic, or nothing could be paid for. */
function mustHaveAccounts(
  { genesis }: Manifest,
  accounts: readonly GenesisAccount[],
  { data, genesis: file }: SettingValues,
): void {
  const addresses = accounts.map(({ address }) => address)
  if (genesis.accounts.hasAll?.(addresses) ?? areAmong(addresses, genesis.accounts)) return
  const message =
    file === undefined
      ? `the chain in ${data} was born with the accounts of other words, or with fewer; give those by --mnemonic, their number by --accounts, or choose another folder by --data`
      : `${file} leaves out accounts of the words; add them to it, or give its words by --mnemonic, or fewer by --accounts`
  throw new AppError({ code: 'node/other-mnemonic', message })
}

function areAmong(addresses: readonly Uint8Array[], accounts: GenesisAccounts): boolean {
  const left = new Set(addresses.map(toHex))
  for (const { address } of accounts) left.delete(toHex(address))
  return left.size === 0
}

async function openForeign(
  { values, given, hooks, stops }: Composition,
  endpoint: string,
): Promise<SourceChain | undefined> {
  const urls = endpointsOf(endpoint)
  const endpoints = urls.map((url) => ({
    ...{ name: new URL(url).host, client: createEndpointClient(url) },
  }))
  const [first] = endpoints
  const client =
    first && urls.length === 1
      ? first.client
      : createFailoverClient(endpoints.map((one) => one.client))
  const shown = urls.map((url) => String(withoutSecrets(url))).join(', ')
  if (values.contract === undefined && !rolesOf(values).isPart) {
    const message = 'BLOCKCHAIN_ENDPOINT needs CONTRACT_ADDRESS, the deposit vault on that chain'
    throw new AppError({ code: 'node/no-contract', message })
  }
  if ((values.injectKeyFile ?? values.injectSchemas) !== undefined) {
    const message =
      'QS_INJECT_KEY_FILE and QS_INJECT_SCHEMAS are for chains of this node, BLOCKCHAIN_ENDPOINT names a foreign one: leave them out'
    throw new AppError({ code: 'node/no-own-chain', message })
  }
  stops.push(async () => {
    for (const one of endpoints) one.client.close?.()
  })
  const wait = waitHooks(shown, hooks)
  const chainId = await foreignChainId(client, wait)
  if (chainId === undefined) return undefined
  if (given.chainId !== undefined && given.chainId !== chainId) {
    const message = `${shown} has chain id ${chainId}, not ${given.chainId} as --chain-id says`
    throw new AppError({ code: 'node/other-chain', message })
  }
  const contracts =
    values.contract === undefined
      ? undefined
      : await contractsOf(client, values.contract as Hex, wait)
  const minesOnDemand = await isDevelopmentNode(client, wait)
  if (wait.signal.aborted) return undefined
  return {
    ...{ name: values.chain ?? foreignName, chainId, embedded: false, born: undefined, client },
    minesOnDemand,
    ...{ rpcUrl: undefined, process: undefined, endpoint: shown },
    ...(urls.length > 1 ? { endpoints } : {}),
    answer: (body) => forward(client, body),
    contracts,
    accounts: [],
    startBlock: values.startBlock ?? 'latest',
  }
}

/** Answers a JSON-RPC body by asking a client, request by request; notifications get no answer. */
async function forward(client: JsonRpcClient, body: string): Promise<string | undefined> {
  const failure = (id: unknown, code: number, message: string, data?: unknown) => ({
    ...{ jsonrpc: '2.0', id: id ?? null, error: { code, message, ...(data ? { data } : {}) } },
  })
  const one = async (request: { id?: unknown; method?: unknown; params?: unknown }) => {
    if (typeof request?.method !== 'string') return failure(null, -32600, 'invalid request')
    const { id, method, params = [] } = request
    if (!Array.isArray(params)) return failure(id, -32602, 'params must be a list')
    try {
      const result = await client.request(method, params)
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result }
    } catch (error) {
      const { message, data } = error as AppError
      if (id === undefined) return undefined
      return failure(id, Number(data?.code ?? -32603), message, data?.data)
    }
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return JSON.stringify(failure(null, -32700, 'parse error'))
  }
  if (!Array.isArray(parsed)) return JSON.stringify(await one(parsed as object))
  if (parsed.length === 0 || parsed.length > maxForwarded) {
    const message = `a batch has 1 to ${maxForwarded} requests`
    return JSON.stringify(failure(null, -32600, message))
  }
  const answers = (await Promise.all(parsed.map(one))).filter((answer) => answer !== undefined)
  return answers.length === 0 ? undefined : JSON.stringify(answers)
}

/** Requests of one batch that are passed on to a foreign endpoint. */
const maxForwarded = 100

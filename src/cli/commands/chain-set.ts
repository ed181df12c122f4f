/** The parts of the command `chain` that make, start, stop and remove chains. */

import { readFile } from 'node:fs/promises'
import { AppError } from '../../base/app-error.ts'
import { fileReason } from '../../base/file-reason.ts'
import type { Json } from '../../base/json-rpc.ts'
import { table } from '../api-client.ts'
import { configOf } from '../call-config.ts'
import type { Call, OwnFlag } from '../command.ts'
import { badUsage } from '../flag-values.ts'
import { type AskRpc, rpcOf } from '../rpc-client.ts'

/** Flags of these parts. */
export const chainSetFlags: readonly OwnFlag[] = [
  { name: 'chain-id', value: 'N', description: 'Chain id of a fork, which no other chain has' },
  { name: 'at', value: 'N', description: 'Block to fork at, default the head' },
  {
    name: 'consensus',
    value: 'FILE',
    description: 'Consensus of a fork, as it stands in a manifest; default that of the parent',
  },
  {
    name: 'settings',
    value: 'FILE',
    description: 'Settings of the chain that differ from those of the process, as JSON',
  },
  { name: 'stopped', description: 'Leaves a new chain stopped' },
  { name: 'yes', description: 'Removes without asking again' },
]

/** What help says of them. */
export const chainSetDetails = [
  'init makes a chain by the manifest in a file while no node runs on the data folder; bang does it in a running node,',
  'and fork makes one there that begins with the state of another one; --engine bft lets its validators vote on it. list, start, stop, remove and status NAME ask the',
  'running node, too; a chain is removed, with all its data, when it is stopped.',
].join('\n')

/** The answer of `qs_chain`. */
interface ChainStatus {
  readonly name: string
  readonly chainId: string | null
  readonly engine: string | null
  readonly state: string
  readonly problem: string | null
  readonly portion: number | null
  readonly head: { readonly number: string; readonly hash: string } | null
}

/** Pause between two looks at how far a fork is. */
const lookMs = 500

/** Runs one of them; `undefined` if the words name none. */
export async function runChainSet(call: Call): Promise<number | undefined> {
  const [what, name, other] = call.words
  if (what === 'list' && name === undefined) return list(call, await rpcOf(call))
  if (name === undefined) return undefined
  if (what === 'fork') return other === undefined ? undefined : fork(call, name, other)
  if (other !== undefined) return undefined
  if (what === 'init') return init(call, name)
  if (what === 'bang') return bang(call, name)
  if (what === 'start') return tell(call, 'qs_startChain', name)
  if (what === 'stop') return tell(call, 'qs_stopChain', name)
  if (what === 'status') return tell(call, 'qs_chain', name)
  if (what === 'remove') return remove(call, name)
  return undefined
}

async function init(call: Call, file: string): Promise<number> {
  const { values } = await configOf(call)
  const { initStoredChain } = await import('../../node/stored-chain.ts')
  const { name, chainId, key } = await initStoredChain({
    ...{ data: values.data, file, isToRun: call.own.stopped !== true },
    settings: (await jsonOf(call, 'settings')) ?? {},
  })
  const made = { name, chainId: String(chainId), key: `0x${key.toHex()}` }
  if (call.own.json) console.log(JSON.stringify(made, null, 2))
  else
    console.log(`the chain "${name}", id ${chainId}, is in ${values.data}; its key is ${made.key}`)
  return 0
}

async function bang(call: Call, file: string): Promise<number> {
  const manifest = await readJson(file)
  const ask = await rpcOf(call)
  return print(call, await ask<ChainStatus>('qs_bang', manifest, await birthOptions(call)))
}

async function fork(call: Call, parent: string, name: string): Promise<number> {
  const chainId = numberOf(call, 'chain-id')
  if (chainId === undefined)
    throw badUsage('chain', 'a fork needs a chain id of its own: --chain-id N')
  const { engine } = call.own
  if (engine !== undefined && call.own.consensus !== undefined)
    throw badUsage('chain', 'a fork has one consensus: leave out --engine or --consensus')
  const number = numberOf(call, 'at')
  const consensus = engine === undefined ? await jsonOf(call, 'consensus') : { engine }
  const wish = {
    ...{ name, chainId },
    ...(number !== undefined && { number }),
    ...(consensus !== undefined && { consensus }),
  }
  const options = await birthOptions(call)
  const ask = await rpcOf(call)
  const end = followPortion(ask, name)
  try {
    return print(call, await ask<ChainStatus>('qs_fork', parent, wish, options))
  } finally {
    end()
  }
}

/** Prints now and then how far the copying of a state is, until it is ended. */
function followPortion(ask: AskRpc, name: string): () => void {
  const timer = setInterval(async () => {
    const status = await ask<ChainStatus>('qs_chain', name).catch(() => undefined)
    const { portion } = status ?? {}
    if (typeof portion === 'number') console.error(`${Math.floor(portion * 100)} % is copied`)
  }, lookMs)
  return () => clearInterval(timer)
}

async function tell(call: Call, method: string, name: string): Promise<number> {
  const ask = await rpcOf(call)
  return print(call, await ask<ChainStatus>(method, name))
}

async function remove(call: Call, name: string): Promise<number> {
  if (!call.own.yes) {
    const message = `this removes the chain "${name}" with all its blocks and its state, for good; say so by --yes`
    throw new AppError({ code: 'cli/not-confirmed', message })
  }
  const ask = await rpcOf(call)
  await ask<boolean>('qs_removeChain', name)
  console.log(`the chain "${name}" is gone`)
  return 0
}

async function list(call: Call, ask: AskRpc): Promise<number> {
  const chains = await ask<readonly ChainStatus[]>('qs_chains')
  if (call.own.json) console.log(JSON.stringify(chains, null, 2))
  else console.log(tableOf(chains))
  return 0
}

/** Prints a chain; one that failed is told by the exit code. */
function print(call: Call, status: ChainStatus): number {
  if (call.own.json) console.log(JSON.stringify(status, null, 2))
  else console.log(tableOf([status]))
  return status.state === 'failed' ? 1 : 0
}

function tableOf(chains: readonly ChainStatus[]): string {
  const heads = ['chain', 'id', 'engine', 'state', 'head', 'head hash', 'problem']
  const rows = chains.map(({ name, chainId, engine, state, head, problem }) => [
    ...[name, chainId === null ? '-' : BigInt(chainId).toString(), engine ?? '-', state],
    ...[head ? String(Number(head.number)) : '-', head?.hash ?? '-', problem ?? ''],
  ])
  return table(heads, rows)
}

async function birthOptions(call: Call): Promise<Json> {
  const settings = await jsonOf(call, 'settings')
  return { start: call.own.stopped !== true, ...(settings !== undefined && { settings }) }
}

/** The JSON of the file that a flag names. */
async function jsonOf(call: Call, flag: string): Promise<Json | undefined> {
  const file = call.own[flag]
  return typeof file === 'string' ? readJson(file) : undefined
}

async function readJson(file: string): Promise<Json> {
  let reason = 'is no JSON'
  try {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      reason = `cannot be read: ${fileReason(error)}`
      throw error
    })
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new AppError({ code: 'cli/bad-file', message: `${file} ${reason}`, cause })
  }
}

function numberOf(call: Call, flag: string): number | undefined {
  const text = call.own[flag]
  if (text === undefined) return undefined
  const number = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  throw badUsage('chain', `--${flag} is a whole number, not "${text}"`)
}

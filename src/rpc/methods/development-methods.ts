/** Moves a development chain: blocks on demand, time, snapshots, the pool. */

import { toHex } from '../../base/bytes.ts'
import { isRecord } from '../envelope/request.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import { optional, type Parser } from '../params/parser.ts'
import { address, flag, hash, looseQuantity, quantity, text } from '../params/values.ts'
import type { ChainContext } from '../view/context.ts'
import { type MethodTable, method } from './method.ts'

/** Most blocks of one call, and most seconds or milliseconds of one move. */
const mostBlocks = 10_000n
const mostTime = 2n ** 31n - 1n
/** Later than this no clock of a client goes. */
const lastTime = 2n ** 53n - 1n

const count = optional(bounded(looseQuantity, mostBlocks), 1n)
const time = bounded(looseQuantity, lastTime)
const move = bounded(looseQuantity, mostTime)

/** What `evm_mine` takes: nothing, the timestamp of the block, or `{blocks, timestamp}`. */
const mining: Parser<{ readonly blocks: bigint; readonly timestamp: bigint | undefined }> = (
  value,
  path,
) => {
  if (!isRecord(value)) return { blocks: 1n, timestamp: optional(time)(value, path) }
  return {
    blocks: count(value.blocks, `${path}.blocks`),
    timestamp: optional(time)(value.timestamp, `${path}.timestamp`),
  }
}

const evmMethods: MethodTable = {
  evm_mine: method([mining], async (context, [{ blocks, timestamp }]) => {
    if (timestamp !== undefined) setNextTime(context, timestamp)
    for (let done = 0n; done < blocks; done += 1n) await context.chain.dev.sealNow()
    return '0x0'
  }),
  evm_setAutomine: method([flag], ({ chain }, [on]) => {
    chain.dev.setAutomine(on)
    return true
  }),
  evm_setIntervalMining: method([move], ({ chain }, [intervalMs]) => {
    chain.dev.setBlockTimeMs(Number(intervalMs))
    return true
  }),
  evm_increaseTime: method([move], ({ chain, development }, [seconds]) => {
    chain.dev.increaseTime(seconds)
    development.shiftedSeconds += seconds
    return development.shiftedSeconds.toString()
  }),
  evm_setNextBlockTimestamp: method([time], (context, [timestamp]) => {
    setNextTime(context, timestamp)
    return timestamp.toString()
  }),
  evm_setBlockGasLimit: method([looseQuantity], ({ chain }, [gasLimit]) => {
    if (gasLimit < 5_000n || gasLimit >> 63n)
      throw invalidParams('params[0]: expected a gas limit from 5,000 to 2^63 - 1')
    chain.dev.shapeNext({ gasLimit })
    return true
  }),
  evm_snapshot: method([], ({ chain, development, limits }) => {
    development.taken += 1
    const { shiftedSeconds } = development
    const snapshot = { id: toQuantity(development.taken), mark: chain.dev.mark(), shiftedSeconds }
    development.snapshots.push(snapshot)
    const tooMany = development.snapshots.length - limits.snapshots
    for (const { mark } of development.snapshots.splice(0, tooMany)) mark.release()
    return snapshot.id
  }),
  evm_revert: method([text], async ({ chain, development }, [id]) => {
    const at = development.snapshots.findIndex((one) => one.id === id)
    const snapshot = development.snapshots[at]
    if (!snapshot) return false
    const gone = development.snapshots.splice(at)
    await chain.dev.returnTo(snapshot.mark)
    for (const { mark } of gone) mark.release()
    development.shiftedSeconds = snapshot.shiftedSeconds
    return true
  }),
}

const toolMethods: MethodTable = {
  mine: method([count, optional(move)], async (context, [blocks, interval]) => {
    for (let done = 0n; done < blocks; done += 1n) {
      const { dev } = context.chain
      const { timestamp } = context.chain.head().header
      if (done > 0n && interval) dev.shapeNext({ timestamp: timestamp + interval })
      await dev.sealNow()
    }
    return true
  }),
  setCoinbase: method([address], ({ chain }, [beneficiary]) => {
    chain.dev.shapeNext({ beneficiary })
    return true
  }),
  setPrevRandao: method([hash], ({ chain }, [mixHash]) => {
    chain.dev.shapeNext({ mixHash })
    return true
  }),
  setNextBlockBaseFeePerGas: method([quantity], ({ chain }, [baseFeePerGas]) => {
    chain.dev.shapeNext({ baseFeePerGas })
    return true
  }),
  getAutomine: method([], ({ chain }) => chain.dev.isAutomine()),
  dropTransaction: method([hash], ({ chain }, [wanted]) => {
    const known = chain.pool.get(wanted) !== undefined
    chain.pool.drop(wanted)
    return known
  }),
  reset: method([optional(notForked)], async ({ chain, development }) => {
    await chain.dev.beginAnew()
    for (const { hash: waiting } of waitingOf(chain)) chain.pool.drop(waiting)
    for (const { mark } of development.snapshots.splice(0)) mark.release()
    development.shiftedSeconds = 0n
    development.impersonated.clear()
    development.everybody = false
    return true
  }),
  impersonateAccount: method([address], ({ development, limits }, [who]) => {
    if (development.impersonated.size >= limits.impersonated)
      throw invalidParams(`there are ${limits.impersonated} such accounts already; stop some`)
    development.impersonated.add(toHex(who))
    return true
  }),
  stopImpersonatingAccount: method([address], ({ development }, [who]) =>
    development.impersonated.delete(toHex(who)),
  ),
  autoImpersonateAccount: method([flag], ({ development }, [on]) => {
    development.everybody = on
    return true
  }),
  setLoggingEnabled: method([flag], () => true),
}

const anvilMethods: MethodTable = {
  anvil_dropAllTransactions: method([], ({ chain }) => {
    for (const { hash: waiting } of waitingOf(chain)) chain.pool.drop(waiting)
    return null
  }),
  anvil_removePoolTransactions: method([address], ({ chain }, [from]) => {
    const sender = toHex(from)
    for (const one of waitingOf(chain)) if (toHex(one.sender) === sender) chain.pool.drop(one.hash)
    return null
  }),
  anvil_nodeInfo: method([], ({ chain, development, clientVersion }) => {
    const { header, hash: head } = chain.head()
    return {
      ...{ currentBlockNumber: toQuantity(header.number), currentBlockHash: toHex(head) },
      currentBlockTimestamp: Number(header.timestamp + development.shiftedSeconds),
      ...{ hardFork: chain.rules.rulesAt(header).hardfork, transactionOrder: 'fees' },
      environment: {
        baseFee: toQuantity(header.baseFeePerGas ?? 0n),
        chainId: Number(chain.manifest.chainId),
        gasLimit: toQuantity(header.gasLimit),
        gasPrice: toQuantity(header.baseFeePerGas ?? 0n),
      },
      forkConfig: { forkUrl: null, forkBlockNumber: null, forkRetryBackoff: null },
      clientVersion,
    }
  }),
}

const metadata = method([], ({ chain, clientVersion }) => ({
  clientVersion,
  chainId: Number(chain.manifest.chainId),
  instanceId: toHex(chain.blockHash(0n) ?? chain.head().hash),
  latestBlockNumber: Number(chain.head().header.number),
  latestBlockHash: toHex(chain.head().hash),
}))

/** The same methods under the names that Hardhat's and anvil's clients use. */
export function forTools(table: MethodTable): MethodTable {
  return Object.fromEntries(
    ['hardhat', 'anvil'].flatMap((tool) =>
      Object.entries(table).map(([name, run]) => [`${tool}_${name}`, run]),
    ),
  )
}

export const developmentMethods: MethodTable = {
  ...evmMethods,
  ...forTools({ ...toolMethods, metadata }),
  ...anvilMethods,
}

/** @throws AppError `json-rpc/error` -32602 for a time that is not after the head's */
function setNextTime({ chain }: ChainContext, timestamp: bigint): void {
  const last = chain.head().header.timestamp
  if (timestamp <= last) {
    throw invalidParams(
      `params[0]: timestamp ${timestamp} is not later than that of the last block, ${last}`,
    )
  }
  chain.dev.shapeNext({ timestamp })
}

function waitingOf({ pool }: ChainContext['chain']) {
  const { pending, queued } = pool.content()
  return [...pending, ...queued]
}

function notForked(value: Parameters<Parser<unknown>>[0], path: string): void {
  if (isRecord(value) && (value.forking ?? null) !== null)
    throw invalidParams(`${path}.forking: this node does not fork other chains`)
}

function bounded(parse: Parser<bigint>, most: bigint): Parser<bigint> {
  return (value, path) => {
    const parsed = parse(value, path)
    if (parsed > most) throw invalidParams(`${path}: expected at most ${most}, got ${parsed}`)
    return parsed
  }
}

/** Gets a chain from its peers: by a snapshot, then the blocks after it. */

import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'
import { fromHex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { JoinNetwork } from '../chain/chain-network.ts'
import { createChain } from '../chain/create-chain.ts'
import { type JoinProgress, joinChain, type TrustedPlace } from '../chain/join-chain.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { lockFolder } from '../store/folder-lock.ts'
import type { Composition } from './composition.ts'
import { type Config, givenSettings } from './config.ts'
import { joinBy, openPeerLinks } from './peer-links.ts'
import { createLogger } from './pino-logger.ts'
import { processName } from './process-name.ts'
import { createMetrics } from './prometheus-metrics.ts'
import { readGenesisFile } from './stored-chain.ts'

/** How far it is. */
export type ChainProgress =
  | JoinProgress
  | { readonly phase: 'blocks'; readonly done: number; readonly of: number }

/** What there is in the end. */
export interface JoinedChain {
  readonly name: string
  /** The chain has blocks from behind this one on; 0: all. */
  readonly base: bigint
  readonly head: bigint
  /** Why it has all. */
  readonly reason: string | undefined
}

/** How the work is followed. */
interface Following {
  readonly signal: AbortSignal
  readonly tell: (progress: ChainProgress) => void
}

/** How long a start waits for peers: a chain can also be got block by block. */
const startWaitMs = 3_000
/** Between two looks at how far the blocks are, and looks without any before they are all here. */
const [lookMs, quietLooks] = [250, 8]
/** A chain that cannot be so far yet is got block by block. */
const leastBlocks = 2_000

/**
 * Before a node opens a chain: gets it by a snapshot if it is not begun and its peers are far ahead.
 *
 * @throws AppError `chain/needs-trust`, `chain/over`, `node/bad-trust`
 */
export async function joinFarChain(
  { values, logger, hooks }: Composition,
  manifest: Manifest,
  join: JoinNetwork,
): Promise<void> {
  const trust = trustedPlace(values.trust)
  if (values.sync === 'full' || isYoung(manifest)) return
  let last = ''
  const result = await joinChain(
    { manifest, folder: path.join(values.data, 'chains'), trust, waitMs: startWaitMs },
    {
      ...{ join, clock: systemClock, logger, signal: hooks.signal },
      tell: ({ phase, done, of }) => {
        const text = `${phase} ${Math.floor((done * 10) / Math.max(of, 1))}`
        if (text !== last) logger.info('the chain is got by a snapshot', { phase, done, of })
        last = text
      },
    },
  )
  if (result.kind === 'joined') {
    logger.info('the chain begins with a snapshot', { block: String(result.number) })
  } else logger.debug('the chain is not got by a snapshot', { reason: result.reason })
}

/**
 * Prepares a data folder: gets the chain of a manifest until it is where its peers are.
 *
 * @throws AppError `node/no-peers`, and as reading the manifest and joining do
 */
export async function prepareChain(
  config: Config,
  file: string,
  follow: Following,
): Promise<JoinedChain> {
  const { values } = config
  const { data } = values
  const folder = path.join(data, 'chains')
  const trust = trustedPlace(values.trust)
  const manifest = await readGenesisFile(file, { name: 'ethereum', folder })
  const lock = await lockFolder(data)
  const stops: (() => Promise<void>)[] = [() => lock.release()]
  const logger = createLogger('warn')
  try {
    const metrics = createMetrics()
    const links = await openPeerLinks({
      values,
      given: givenSettings(config),
      logger,
      metrics,
      tracer: undefined,
      stops,
      ...{ hooks: {}, name: processName(), asked: () => {} },
    })
    if (links === undefined) throw noPeers()
    const join = joinBy(links.network)
    const world = { join, clock: systemClock, logger, ...follow }
    const result =
      values.sync === 'full' ? undefined : await joinChain({ manifest, folder, trust }, world)
    const head = await getBlocks({ manifest, folder, trust, join, logger }, follow)
    const isJoined = result?.kind === 'joined'
    const reason = result?.kind === 'left' ? result.reason : 'as --sync full asks'
    return {
      ...{ name: manifest.name, head, base: isJoined ? result.number : 0n },
      reason: isJoined ? undefined : reason,
    }
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

/** Opens the chain and lets it get what is missing, until nothing more comes. */
async function getBlocks(
  place: {
    readonly manifest: Manifest
    readonly folder: string
    readonly trust: TrustedPlace | undefined
    readonly join: JoinNetwork
    readonly logger: Logger
  },
  { signal, tell }: Following,
): Promise<bigint> {
  const { manifest, folder, trust, join, logger } = place
  const chain = await createChain(
    { manifest, folder, trust, beneficiary: new Uint8Array(20) },
    { ...{ clock: systemClock, timer: systemTimer, metrics: noMetrics }, logger, join },
  )
  try {
    await chain.start()
    let [quiet, before] = [0, chain.head().header.number]
    while (quiet < quietLooks && !signal.aborted) {
      await pause(lookMs)
      if (chain.failure) throw chain.failure
      const { number } = chain.head().header
      const of = chain.syncing()?.to ?? number
      tell({ phase: 'blocks', done: Number(number), of: Number(of) })
      // Who is where its peers are gets a block now and then.
      quiet = chain.syncing() || number - before > 2n ? 0 : quiet + 1
      before = number
    }
    return chain.head().header.number
  } finally {
    await chain.stop()
  }
}

function isYoung({ consensus, genesis }: Manifest): boolean {
  if (!('blockTimeMs' in consensus)) return false
  const ageMs = systemClock.nowMs() - Number(genesis.timestamp) * 1_000
  return ageMs < consensus.blockTimeMs * leastBlocks
}

/** The block that a setting names. @throws AppError `node/bad-trust` */
export function trustedPlace(text: string | undefined): TrustedPlace | undefined {
  if (text === undefined) return undefined
  const [, number, hash] = /^(\d{1,18}):(0x[0-9a-fA-F]{64})$/.exec(text) ?? []
  if (number !== undefined && hash !== undefined) {
    return { number: BigInt(number), hash: fromHex(hash as `0x${string}`) }
  }
  const message = `--trust is HEIGHT:HASH, such as 12000:0x…, not "${text}"`
  throw new AppError({ code: 'node/bad-trust', message })
}

function noPeers(): AppError {
  const message = 'a chain is joined through its peers: name some by --peers HOST:PORT,…'
  return new AppError({ code: 'node/no-peers', message })
}

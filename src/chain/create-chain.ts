/** Opens a chain: reads what its folder holds, or writes its birth. */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { keyAddress } from '../crypto/signatures.ts'
import { ArchivedStates } from './archived-states.ts'
import { birthOf } from './birth-state.ts'
import { baseBlock, openBaseState } from './chain-base.ts'
import { ChainCheckpoints } from './chain-checkpoints.ts'
import { ChainDerived } from './chain-derived.ts'
import { ChainDriver } from './chain-driver.ts'
import { type ChainLog, openChainLog } from './chain-log.ts'
import type {
  ChainDependencies,
  ChainOptions,
  ChainParts,
  DrivenChain,
  OpenBase,
} from './chain-parts.ts'
import { ChainPast } from './chain-past.ts'
import type { ConsensusEngine } from './consensus/consensus.ts'
import { createEngine } from './consensus/create-engine.ts'
import { type Derived, decodeDerived } from './consensus/derived.ts'
import type { RevealSource } from './consensus/randao.ts'
import { createEvm } from './evm/create-evm.ts'
import { openFinals, votesOn } from './final-points.ts'
import { genesisBlock } from './genesis.ts'
import { HeldEvidence } from './held-evidence.ts'
import type { ExecutedBlock } from './ledger/block.ts'
import { chainRules } from './ledger/fork-schedule.ts'
import { isWorked } from './ledger/manifest.ts'
import { checkpointFile, type Resumption, readCheckpoint } from './resumption.ts'
import { keepManifest } from './stored-manifest.ts'
import { turnTaking } from './turn-taking.ts'
import { openReveals } from './validating/validator-reveals.ts'
import { openValidatorSigners } from './validating/validator-signer.ts'

/** Memory of the state above which what did not change lately goes to disk. */
const defaultStateMemoryBytes = 1024 * 1024 * 1024

/**
 * Opens a chain: reads its log, or writes its birth.
 *
 * @throws AppError `chain/manifest-differs`, `chain/root-differs`, `store/damaged-log`
 */
export async function createChain(
  options: ChainOptions,
  dependencies: ChainDependencies,
): Promise<DrivenChain> {
  const folder = path.join(options.folder, options.manifest.name)
  const { manifest, key } = await keepManifest(folder, options.manifest)
  const rules = chainRules(manifest)
  const evm = await createEvm(rules, {
    pause: turnTaking(),
    seed: randomBytes(8).readBigUInt64LE(),
  })
  const { logger } = dependencies
  const past = new ChainPast(statesKept(options))
  const resumption = readCheckpoint(checkpointFile(folder), logger)
  let isResumed = false
  let genesis: ExecutedBlock | undefined
  const log = await openChainLog({
    ...{ folder, key, logger, resumption, cacheBytes: options.blockMemoryBytes },
    listener: {
      begin() {
        const first = birthOf(options.manifest, folder)
        genesis = first.executed
        past.add(genesis.block, first.state)
      },
      resume(block) {
        if (resumption === undefined) return
        isResumed = true
        genesis = genesisBlock(manifest, resumption.genesisRoot)
        past.add(block ?? genesis.block, resumption.state)
      },
      block: (block, difference) => past.add(block, past.state.apply(difference)),
      rewind: (number, changes) => past.rewindTo(number, changes),
      change: (difference) => past.change(past.state.apply(difference)),
      base: (base) => {
        const { block } = baseBlock(base)
        past.add(block, openBaseState(folder, block.header.stateRoot))
      },
    },
  })
  if (genesis === undefined) throw new Error('a chain has at least its first block')
  try {
    past.check(manifest.name)
  } catch (error) {
    await log.close()
    throw error
  }
  const birthState = () => birthOf(manifest, folder).state
  const base = openedBase(log, folder)
  const place = { folder, log, past, logger }
  const beginning = base ?? { number: 0n, state: birthState }
  const archive = options.archive ? new ArchivedStates({ ...place, beginning }) : undefined
  const checkpoints = openCheckpoints(options, {
    ...{ ...place, archive, genesisRoot: genesis.block.header.stateRoot },
    resumed: isResumed ? resumption : undefined,
  })
  const derived = new ChainDerived(manifest, genesis.block.hash, log)
  if (base) derived.keep(base.executed.block.header.parentHash, base.parentDerived)
  const reveals = await revealsOf(options, derived.of(past.head.hash))
  const engine = createEngine(manifest, rules, { chainKey: key, reveals })
  return new ChainDriver({
    ...(await openVotes(options, engine, { folder, chainKey: key, logger })),
    ...{ dependencies, rules, evm, past, log, checkpoints, archive, birthState, key, base },
    folder,
    ...{ engine, derived, genesis, options: { ...options, manifest } },
  })
}

/** What this node signs with, and what it keeps of votes. */
async function openVotes(
  { validators = [] }: ChainOptions,
  engine: ConsensusEngine<unknown>,
  place: Parameters<typeof openValidatorSigners>[1],
): Promise<Pick<ChainParts, 'signers' | 'finals' | 'evidence'>> {
  const { folder, logger } = place
  const instance = votesOn(engine)
  const finals = instance === 1 ? await openFinals(folder) : undefined
  const evidence = engine.round ? await HeldEvidence.open(folder, logger) : undefined
  return {
    finals,
    evidence,
    signers: await openValidatorSigners(validators, { ...place, instance }),
  }
}

/** What validators of this node reveal when they propose, where that is asked for. */
async function revealsOf(
  { manifest, validators = [] }: ChainOptions,
  derived: Derived | undefined,
): Promise<RevealSource | undefined> {
  const { chainId, consensus } = manifest
  const own = validators.flatMap(({ key, revealSeed: seed }) =>
    seed ? [{ address: keyAddress(key), seed }] : [],
  )
  if (consensus.engine !== 'pos' || own.length === 0) return undefined
  return await openReveals(own, { chainId, derived })
}

/** The checkpoints of a chain whose log was read; the first may be due. */
function openCheckpoints(
  { manifest, stateMemoryBytes, checkpointBytes }: ChainOptions,
  {
    resumed,
    ...place
  }: Pick<
    ConstructorParameters<typeof ChainCheckpoints>[0],
    'folder' | 'log' | 'past' | 'logger' | 'archive' | 'genesisRoot'
  > & { readonly resumed: Resumption | undefined },
): ChainCheckpoints {
  const checkpoints = new ChainCheckpoints(
    {
      ...{ ...place, memoryBytes: stateMemoryBytes ?? defaultStateMemoryBytes },
      tailBytes: checkpointBytes,
      isOfOldest: isWorked(manifest.consensus),
    },
    resumed,
  )
  checkpoints.consider()
  return checkpoints
}

/** What a joined chain begins on. */
function openedBase(log: ChainLog, folder: string): OpenBase | undefined {
  const base = log.base()
  if (base === undefined) return undefined
  const executed = baseBlock(base)
  const { number, stateRoot } = executed.block.header
  return {
    ...{ ...base, number, executed, parentDerived: decodeDerived(base.parentDerived) },
    state: () => openBaseState(folder, stateRoot),
  }
}

/** A reorganisation goes back to the state before its oldest block. */
function statesKept({ history = 128, manifest: { consensus } }: ChainOptions): number {
  return isWorked(consensus) ? Math.max(history, consensus.maxReorg + 1) : history
}

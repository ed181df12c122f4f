/** Opens a chain: reads what its folder holds, or writes its birth. */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { ChainDriver } from './chain-driver.ts'
import { openChainLog } from './chain-log.ts'
import type { ChainDependencies, ChainOptions, DrivenChain } from './chain-parts.ts'
import { ChainPast } from './chain-past.ts'
import { createEvm } from './evm/create-evm.ts'
import { genesisOf } from './genesis.ts'
import { chainRules } from './ledger/fork-schedule.ts'
import { turnTaking } from './turn-taking.ts'

/**
 * Opens a chain: reads its log, or writes its birth.
 *
 * @throws AppError `chain/manifest-differs`, `chain/root-differs`, `store/damaged-log`
 */
export async function createChain(
  options: ChainOptions,
  dependencies: ChainDependencies,
): Promise<DrivenChain> {
  const { manifest } = options
  const rules = chainRules(manifest)
  const evm = await createEvm(rules, {
    pause: turnTaking(),
    seed: randomBytes(8).readBigUInt64LE(),
  })
  const past = new ChainPast(options.history ?? 128)
  const genesis = genesisOf(manifest)
  past.add(genesis.executed, genesis.state)
  const log = await openChainLog({
    folder: path.join(options.folder, manifest.name),
    manifest,
    logger: dependencies.logger,
    listener: {
      block: (executed, difference) => past.add(executed, past.state.apply(difference)),
      rewind: (number, changes) => past.rewindTo(number, changes),
      change: (difference) => past.change(past.state.apply(difference)),
    },
  })
  try {
    past.check(manifest.name)
  } catch (error) {
    await log.close()
    throw error
  }
  return new ChainDriver({
    ...{ options, dependencies, rules, evm, past, log },
    genesis: genesis.executed,
  })
}

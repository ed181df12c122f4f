/** Gives the state that a chain begins with: from the accounts of its manifest, or copied from the chain it was forked from. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import { readPieces } from '../store/piece-file.ts'
import { genesisBlock, genesisOf } from './genesis.ts'
import type { ExecutedBlock } from './ledger/block.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { State } from './state/state.ts'
import { openCheckpoint } from './state/trie-state.ts'

const remedy = 'restore it from a backup, or remove the chain and fork it again'

/** The file of a forked chain that holds the state it was born with. */
export const birthFile = (folder: string) => path.join(folder, 'birth.state')

/**
 * The block of number 0 and the state after it.
 *
 * @param folder - of the chain
 * @throws AppError `chain/damaged-birth` if the folder of a forked chain does not hold the state that its manifest names
 */
export function birthOf(
  manifest: Manifest,
  folder: string,
): { readonly executed: ExecutedBlock; readonly state: State } {
  if (manifest.parent === undefined) return genesisOf(manifest)
  const { stateRoot } = manifest.parent
  const file = birthFile(folder)
  try {
    const source = readPieces(file, remedy)
    if (source === undefined) throw damaged(file, 'is missing')
    const { state } = openCheckpoint(source)
    if (equalBytes(state.root, stateRoot)) {
      return { state, executed: genesisBlock(manifest, stateRoot) }
    }
    source.close()
    throw damaged(file, 'holds another state than the manifest names')
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'chain/damaged-birth') throw error
    throw damaged(file, 'cannot be read', error)
  }
}

function damaged(file: string, reason: string, cause?: unknown): AppError {
  const message = `${file} ${reason}: ${remedy}`
  return new AppError({ code: 'chain/damaged-birth', message, cause })
}

/** Says what a chain refuses by the state that it is in. */

import { AppError } from '../base/app-error.ts'

/** Most changes by hand of the state after one block. */
const mostChanges = 10_000

/** The error of a chain that is asked for what only a running one does. */
export function stopped(name: string): AppError {
  return new AppError({ code: 'chain/stopped', message: `the chain "${name}" is not running` })
}

/** @throws AppError `chain/too-many-changes` when the state was changed by hand so often already */
export function mustHaveRoomForChange(changes: number): void {
  if (changes < mostChanges) return
  const message = `the state after this block was changed ${mostChanges} times by hand; seal a block first (evm_mine)`
  throw new AppError({ code: 'chain/too-many-changes', message })
}

/** The error of a birth with the chain id of another chain. */
export function sameId(other: string, chainId: bigint): AppError {
  const message = `the chain "${other}" has the chain id ${chainId}: what is signed for one would hold on the other; choose another id`
  return new AppError({ code: 'chain/id-taken', message })
}

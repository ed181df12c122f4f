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

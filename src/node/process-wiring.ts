/** Enters this process into the register of those that share its database. */

import { systemClock, systemTimer } from '../base/clock.ts'
import { createProcessRegister, type ProcessRegister } from '../services/process-register.ts'
import type { SqlStore } from '../store/sql.ts'
import type { StandbyListener } from '../stream/standby-listener.ts'
import type { Composition } from './composition.ts'
import { programVersion } from './program-folder.ts'
import { type Roles, rolesOf } from './roles.ts'

/** What this process has. */
interface OwnParts {
  readonly listener: StandbyListener
  readonly roles: Roles
}

/** The register, and where it is told what this process does. */
export interface OwnRegister {
  readonly register: ProcessRegister
  /** What the process has, once that runs. */
  has(parts: OwnParts): void
}

/** Enters the process; it is struck out when all else has stopped. */
export async function enterProcess(
  { values, name, asked, stops, logger }: Composition,
  sql: SqlStore,
): Promise<OwnRegister> {
  let parts: OwnParts | undefined
  const register = createProcessRegister(
    {
      ...{ id: name, roles: rolesOf(values).names, version: await programVersion() },
      ...{ leaseMs: values.leaseTime * 1_000, asked },
      detail: () => (parts === undefined ? 'starts' : detailOf(parts)),
    },
    { sql, clock: systemClock, timer: systemTimer, logger },
  )
  stops.push(() => register.stop())
  await register.start()
  return {
    register,
    has: (one) => {
      parts = one
    },
  }
}

function detailOf({ listener, roles }: OwnParts): string {
  if (!roles.isListener) return 'works'
  if (!listener.isActive) return 'stands by'
  const { chain, checkpoint, head, problem, state } = listener.status()
  if (checkpoint === undefined || head === undefined) return `${state} ${chain}`
  const where = `${state} ${chain}, block ${checkpoint} of ${head}`
  return problem === undefined ? where : `${where}: ${problem}`
}

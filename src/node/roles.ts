/** Says what this process does of the work that it may share with others. */

import { AppError } from '../base/app-error.ts'
import { type Role, roleNames } from './role-settings.ts'
import type { SettingValues } from './settings.ts'

/** The roles of a process. */
export interface Roles {
  /** In the order in which they are documented. */
  readonly names: readonly Role[]
  readonly isListener: boolean
  readonly isWorker: boolean
  readonly isApi: boolean
  /** Others have the roles that this process lacks. */
  readonly isPart: boolean
}

/**
 * The roles that the settings give.
 *
 * @throws AppError `node/role-needs-database` where other processes could not go on with what this one leaves out
 */
export function rolesOf({ role, database }: Pick<SettingValues, 'role' | 'database'>): Roles {
  const words = role.split(',')
  const names = words.includes('all')
    ? [...roleNames]
    : roleNames.filter((name) => words.includes(name))
  const isPart = names.length < roleNames.length
  if (isPart && database === undefined) {
    const message = `--role ${role} leaves work to other processes, which need the same database: give them all one PostgreSQL by QS_DATABASE, or leave --role out`
    throw new AppError({ code: 'node/role-needs-database', message })
  }
  const has = (name: Role) => names.includes(name)
  return {
    ...{ names, isPart, isListener: has('listener'), isWorker: has('worker'), isApi: has('api') },
  }
}

/** Builds the providers of functions that the settings ask for, behind one registry. */

import path from 'node:path'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { SqlStore } from '../store/sql.ts'
import { createFunctionRegistry, type FunctionRegistry } from '../workflow/function-registry.ts'
import type { GuardedHttp } from '../workflow/guarded-http.ts'
import { createHttpFunctions } from '../workflow/http-functions.ts'
import { createLocalFunctions } from '../workflow/local-functions.ts'
import type { Composition } from './composition.ts'

/** What the providers work with. */
interface ProviderWorld {
  /** A database with `functionMigrations`. */
  readonly sql: SqlStore
  readonly http: GuardedHttp
  /** Of the workflow, whose files are functions too. */
  readonly folder: string
}

/** The functions that workflows may call; their stop is put on the list of stops. */
export function openFunctions(
  { values, stops, logger, metrics }: Composition,
  { sql, http, folder }: ProviderWorld,
): FunctionRegistry {
  const world = { sql, clock: systemClock, timer: systemTimer, logger, metrics }
  const versions = path.join(values.data, 'functions')
  const { functionUrl: url } = values
  const registry = createFunctionRegistry(
    {
      providers: {
        local: createLocalFunctions({ folder, versions }, world),
        ...(url === undefined ? {} : { http: createHttpFunctions({ url, http }) }),
      },
      defaultProvider: url === undefined ? 'local' : 'http',
    },
    world,
  )
  stops.push(() => registry.stop())
  return registry
}

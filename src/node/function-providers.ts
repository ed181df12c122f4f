/** Builds the providers of functions that the settings ask for, behind one registry. */

import path from 'node:path'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SqlStore } from '../store/sql.ts'
import { createAwsFunctions } from '../workflow/aws-functions.ts'
import { createAzureFunctions } from '../workflow/azure-functions.ts'
import { type ProviderOptions, readFunctionOptions } from '../workflow/function-options.ts'
import { createFunctionRegistry, type FunctionRegistry } from '../workflow/function-registry.ts'
import type { FunctionProvider } from '../workflow/functions.ts'
import { createGoogleFunctions } from '../workflow/google-functions.ts'
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
  const section = values.functions === undefined ? {} : (JSON.parse(values.functions) as Json)
  const options = readFunctionOptions(section, {
    environment: process.env,
    url: values.functionUrl,
  })
  const versions = path.join(values.data, 'functions')
  const made = Object.entries(options.providers).map(([name, one]) => {
    if (one.kind !== 'local') return [name, remoteProvider(one, http)] as const
    const { threads, ...limits } = one
    const own = threads === undefined ? {} : { threads: { most: threads } }
    return [name, createLocalFunctions({ folder, versions, ...limits, ...own }, world)] as const
  })
  const registry = createFunctionRegistry(
    {
      providers: Object.fromEntries<FunctionProvider>(made),
      ...{ defaultProvider: options.default, names: options.names, guard: options.guard },
    },
    world,
  )
  stops.push(() => registry.stop())
  return registry
}

function remoteProvider(
  options: Exclude<ProviderOptions, { readonly kind: 'local' }>,
  http: GuardedHttp,
): FunctionProvider {
  if (options.kind === 'http') return createHttpFunctions({ ...options, http })
  if (options.kind === 'google') return createGoogleFunctions({ ...options, http })
  if (options.kind === 'azure') return createAzureFunctions({ ...options, http })
  const { accessKeyId, secretAccessKey, sessionToken, ...rest } = options
  if (accessKeyId === undefined || secretAccessKey === undefined) return createAwsFunctions(rest)
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  return createAwsFunctions({ ...rest, credentials })
}

/** Knows which provider has which function, calls them within limits, and remembers how that went. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlStore } from '../store/sql.ts'
import type {
  DeployedFunction,
  FunctionDetail,
  FunctionManagement,
  FunctionProvider,
  FunctionSource,
  FunctionVersion,
  Invocation,
  LogLine,
  ProviderKind,
} from './functions.ts'
import { type CallMeasures, callMeasures } from './providers/call-measures.ts'
import type { CircuitState } from './providers/circuit-breaker.ts'
import { type FunctionRoute, FunctionRoutes } from './providers/function-routes.ts'
import { type FunctionRun, FunctionRuns, type RunFigures } from './providers/function-runs.ts'
import { GuardedCall, type GuardOptions } from './providers/guarded-call.ts'
import { recorded } from './providers/recorded-call.ts'

export type { FunctionRoute } from './providers/function-routes.ts'
export type { FunctionRun, RunFigures } from './providers/function-runs.ts'

/** Which providers there are, and how functions are called. */
export interface FunctionRegistryOptions {
  readonly providers: Readonly<Record<string, FunctionProvider>>
  /** Has the functions that are neither named here nor deployed elsewhere. */
  readonly defaultProvider: string
  readonly names?: Readonly<Record<string, FunctionRoute>>
  /** Limits of each function. */
  readonly guard?: GuardOptions
}

/** What the registry needs of the world. */
export interface FunctionRegistryDependencies {
  /** A database with `functionMigrations`. */
  readonly sql: SqlStore
  readonly clock: Clock
  readonly timer: Timer
  readonly metrics: Metrics
  readonly logger: Logger
}

/** A function as it is looked after. */
export interface FunctionStatus extends DeployedFunction {
  readonly provider: string
  readonly kind: ProviderKind
  /** Whether calls of this name come here; else another provider has them. */
  readonly isCalled: boolean
  readonly circuit: CircuitState
  readonly running: number
  readonly waiting: number
  readonly figures: RunFigures
}

/** A function with the versions that are kept, newest first. */
export interface FunctionStatusDetail extends FunctionStatus {
  readonly versions: readonly FunctionVersion[]
}

/** All functions that workflows may call. */
export interface FunctionRegistry {
  /** @throws AppError as `FunctionProvider`, and `workflow/function-circuit-open` with `data.retryAfterMs` */
  invoke(name: string, payload: Json, invocation: Invocation): Promise<Json>
  /** By name; what a provider does not tell stands in `problems`. */
  list(query: PageQuery): Promise<Page<FunctionStatus> & { readonly problems: readonly string[] }>
  /** @throws AppError `workflow/no-function` */
  describe(name: string): Promise<FunctionStatusDetail>
  runs(name: string, query: PageQuery): Promise<Page<FunctionRun>>
  logs(name: string, limit: number): Promise<readonly LogLine[]>
  /**
   * Deploys, and has calls of that name go there.
   *
   * @param provider - the one that has it, or the default one, unless said
   * @throws AppError `workflow/bad-function`, `workflow/no-provider`
   */
  deploy(name: string, source: FunctionSource, provider?: string): Promise<FunctionStatusDetail>
  /** Goes back or forth to a version that is kept; @throws AppError `workflow/no-function`, `workflow/no-version` */
  activate(name: string, version: string): Promise<FunctionStatusDetail>
  /** @throws AppError `workflow/no-function` */
  remove(name: string): Promise<void>
  /** Names and kinds of the providers, the default one first. */
  readonly providers: readonly { readonly name: string; readonly kind: ProviderKind }[]
  stop(): Promise<void>
}

/** Calls functions by the routes of their names; stops the providers when it is stopped. */
export function createFunctionRegistry(
  options: FunctionRegistryOptions,
  dependencies: FunctionRegistryDependencies,
): FunctionRegistry {
  return new RoutedFunctions(options, dependencies)
}

class RoutedFunctions implements FunctionRegistry {
  readonly #options: FunctionRegistryOptions
  readonly #world: FunctionRegistryDependencies
  readonly #runs: FunctionRuns
  readonly #routes: FunctionRoutes
  readonly #guards = new Map<string, GuardedCall>()
  readonly #measures: CallMeasures

  constructor(options: FunctionRegistryOptions, dependencies: FunctionRegistryDependencies) {
    const { names = {}, defaultProvider } = options
    this.#options = options
    this.#world = dependencies
    this.#runs = new FunctionRuns(dependencies)
    this.#routes = new FunctionRoutes({ names, defaultProvider }, dependencies)
    this.#measures = callMeasures(dependencies.metrics, this.#guards)
  }

  get providers() {
    const { providers, defaultProvider } = this.#options
    const others = Object.keys(providers).filter((one) => one !== defaultProvider)
    return [defaultProvider, ...others].map((name) => ({ name, kind: this.#provider(name).kind }))
  }

  async invoke(name: string, payload: Json, invocation: Invocation): Promise<Json> {
    const { clock } = this.#world
    const route = await this.#routes.of(name)
    const provider = this.#provider(route.provider)
    const guard = this.#guard(name, route)
    const told = {
      name,
      provider: route.provider,
      clock,
      runs: this.#runs,
      measures: this.#measures,
    }
    try {
      return await recorded(told, invocation, (heard) =>
        guard.make(heard, () => {
          const ownMs = clock.nowMs() + (route.timeoutMs ?? Number.POSITIVE_INFINITY)
          const isOwn = ownMs < (heard.deadlineMs ?? Number.POSITIVE_INFINITY)
          const bounded = isOwn ? { ...heard, deadlineMs: ownMs, patienceMs: 0 } : heard
          return provider.invoke(route.target ?? name, payload, bounded)
        }),
      )
    } catch (error) {
      // Names of functions that are not there come from anybody.
      const isUnknown = (error as AppError).code === 'workflow/no-function'
      if (isUnknown && guard.isIdle) this.#guards.delete(name)
      throw error
    }
  }

  async list({ limit, cursor }: PageQuery) {
    const { found, problems } = await this.#found()
    const sorted = found
      .map((item) => ({ ...item, key: `${item.one.name} ${item.provider}` }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .filter(({ key }) => cursor === undefined || key > cursor)
    const page = sorted.slice(0, limit)
    const last = page.at(-1)
    const items = await Promise.all(page.map(({ one, provider }) => this.#status(one, provider)))
    return { items, problems, next: sorted.length > page.length ? last?.key : undefined }
  }

  async describe(name: string): Promise<FunctionStatusDetail> {
    const { provider, target = name } = await this.#routes.of(name)
    const { management } = this.#provider(provider)
    const found: FunctionDetail = management
      ? await management.describe(target)
      : { ...unmanaged(name), versions: [] }
    return { ...(await this.#status({ ...found, name }, provider)), versions: found.versions }
  }

  runs(name: string, query: PageQuery): Promise<Page<FunctionRun>> {
    return this.#runs.page(name, query)
  }

  async logs(name: string, limit: number): Promise<readonly LogLine[]> {
    const { provider, target = name } = await this.#routes.of(name)
    const { management } = this.#provider(provider)
    return management?.logs ? management.logs(target, limit) : this.#runs.logs(name, limit)
  }

  async deploy(
    name: string,
    source: FunctionSource,
    wanted?: string,
  ): Promise<FunctionStatusDetail> {
    const { provider, target = name } = await this.#routes.of(name)
    const place = wanted ?? provider
    const isElsewhere = place !== provider
    if (isElsewhere && this.#routes.named.includes(name)) {
      const message = `the settings have calls of "${name}" go to "${provider}"; change them first`
      throw new AppError({ code: 'workflow/bad-function', message })
    }
    await this.#management(place, name).deploy(isElsewhere ? name : target, source)
    if (isElsewhere) await this.#routes.put(name, place)
    this.#guards.delete(name)
    return this.describe(name)
  }

  async activate(name: string, version: string): Promise<FunctionStatusDetail> {
    const { provider, target = name } = await this.#routes.of(name)
    const management = this.#management(provider, name)
    if (management.activate === undefined) {
      const message = `the provider "${provider}" keeps no versions; deploy the older files again`
      throw new AppError({ code: 'workflow/no-version', message })
    }
    await management.activate(target, version)
    this.#guards.delete(name)
    return this.describe(name)
  }

  async remove(name: string): Promise<void> {
    const { provider, target = name } = await this.#routes.of(name)
    await this.#management(provider, name).remove(target)
    await this.#routes.forget(name)
    await this.#runs.forget(name)
    this.#guards.delete(name)
  }

  async stop(): Promise<void> {
    const providers = Object.values(this.#options.providers)
    await Promise.all(providers.map((provider) => provider.stop()))
    await this.#runs.flush()
    this.#measures.stop()
  }

  #provider(name: string): FunctionProvider {
    const { providers } = this.#options
    const found = Object.hasOwn(providers, name) ? providers[name] : undefined
    if (found !== undefined) return found
    const message = `there is no provider "${name}"; there are ${Object.keys(providers).join(', ')}`
    throw new AppError({ code: 'workflow/no-provider', message })
  }

  #management(provider: string, name: string): FunctionManagement {
    const { management, kind } = this.#provider(provider)
    if (management !== undefined) return management
    const message = `"${name}" is at the provider "${provider}" (${kind}), where functions are deployed by other means`
    throw new AppError({ code: 'workflow/unmanaged-function', message })
  }

  #guard(name: string, { concurrency }: FunctionRoute): GuardedCall {
    const known = this.#guards.get(name)
    if (known !== undefined) return known
    const own = concurrency === undefined ? {} : { concurrency }
    const made = new GuardedCall(name, { ...this.#options.guard, ...own }, this.#world)
    this.#guards.set(name, made)
    return made
  }

  /** All functions, those that only the settings know included. */
  async #found() {
    const problems: string[] = []
    const lists = Object.entries(this.#options.providers).map(
      async ([provider, { management }]) => {
        try {
          return ((await management?.list()) ?? []).map((one) => ({ one, provider }))
        } catch (error) {
          problems.push(`${provider}: ${(error as Error).message}`)
          return []
        }
      },
    )
    const found = (await Promise.all(lists)).flat()
    for (const name of this.#routes.named) {
      const { provider, target = name } = await this.#routes.of(name)
      const isThere = found.some((item) => item.one.name === target && item.provider === provider)
      if (!isThere || target !== name) found.push({ one: unmanaged(name), provider })
    }
    return { found, problems }
  }

  async #status(one: DeployedFunction, provider: string): Promise<FunctionStatus> {
    const guard = this.#guards.get(one.name)
    return {
      ...one,
      ...{ provider, kind: this.#provider(provider).kind },
      isCalled: (await this.#routes.of(one.name)).provider === provider,
      circuit: guard?.circuit.state ?? 'closed',
      running: guard?.slots.running ?? 0,
      waiting: guard?.slots.waiting ?? 0,
      figures: await this.#runs.figures(one.name),
    }
  }
}

/** What is known of a function that others look after. */
function unmanaged(name: string): DeployedFunction {
  const nothing = { version: undefined, runtime: undefined, deployedAtMs: undefined }
  return { name, ...nothing, state: 'elsewhere' }
}

/** Runs functions of this machine, JavaScript or TypeScript, in threads with limits of time and memory. */

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SqlStore } from '../store/sql.ts'
import { mainOf } from './function-source.ts'
import type {
  DeployedFunction,
  FunctionDetail,
  FunctionManagement,
  FunctionManifest,
  FunctionProvider,
  FunctionSource,
  Invocation,
} from './functions.ts'
import { failuresOf } from './providers/call-failures.ts'
import { type FolderFunction, FolderFunctions } from './providers/folder-functions.ts'
import { FunctionThreads, type ThreadsOptions } from './providers/function-threads.ts'
import { type CurrentVersion, FunctionVersions } from './providers/function-versions.ts'
import type { ThreadFunction } from './providers/thread-calls.ts'
import { VersionFolder } from './providers/version-folder.ts'

/** Where functions are, and the limits of those that name none. */
export interface LocalFunctionOptions {
  /** Holds functions that are called unless one of their name is deployed. */
  readonly folder?: string
  /** Where versions that are deployed are laid out. */
  readonly versions: string
  /** Default 10,000. */
  readonly timeoutMs?: number
  /** Default 64. */
  readonly memoryMb?: number
  readonly threads?: ThreadsOptions
}

/** How long what another process deployed may stay unseen. */
const freshMs = 1_000

/**
 * A provider of local functions: deployed ones, else those of a folder. A thread bounds mistakes and is no sandbox: run
 * only functions you trust.
 *
 * @param sql - a database with `functionMigrations`
 */
export function createLocalFunctions(
  options: LocalFunctionOptions,
  world: { readonly sql: SqlStore; readonly clock: Clock },
): LocalFunctions {
  return new LocalFunctions(options, world)
}

class LocalFunctions implements FunctionProvider, FunctionManagement {
  readonly kind = 'local'
  readonly management = this
  readonly #options: LocalFunctionOptions
  readonly #clock: Clock
  readonly #threads: FunctionThreads
  readonly #versions: FunctionVersions
  readonly #laid: VersionFolder
  readonly #folder: FolderFunctions | undefined
  #seen: { readonly atMs: number; readonly all: Promise<Map<string, CurrentVersion>> } | undefined

  constructor(
    options: LocalFunctionOptions,
    { sql, clock }: { readonly sql: SqlStore; readonly clock: Clock },
  ) {
    this.#options = options
    this.#clock = clock
    this.#threads = new FunctionThreads(options.threads)
    this.#versions = new FunctionVersions(sql)
    this.#laid = new VersionFolder(options.versions)
    this.#folder = options.folder === undefined ? undefined : new FolderFunctions(options.folder)
  }

  async invoke(name: string, payload: Json, invocation: Invocation): Promise<Json> {
    return this.#threads.call(await this.#find(name), payload, invocation)
  }

  async list(): Promise<readonly DeployedFunction[]> {
    const deployed = await this.#current()
    const others = (await this.#folder?.list()) ?? []
    return [
      ...[...deployed.values()].map(deployedView),
      ...others.filter(({ name }) => !deployed.has(name)).map(folderView),
    ]
  }

  async describe(name: string): Promise<FunctionDetail> {
    const deployed = (await this.#current()).get(name)
    if (deployed) return { ...deployedView(deployed), versions: await this.#versions.of(name) }
    const found = await this.#folder?.find(name)
    if (found) return { ...folderView(found), versions: [] }
    throw failuresOf(name)('no-function', 'is not there')
  }

  async deploy(name: string, source: FunctionSource): Promise<DeployedFunction> {
    const manifest = { ...source.manifest, main: mainOf(source) }
    const put = await this.#versions.put(name, { ...source, manifest }, this.#clock.nowMs())
    await this.#changed(name)
    return deployedView(put)
  }

  async activate(name: string, prefix: string): Promise<DeployedFunction> {
    const all = await this.#versions.of(name)
    if (all.length === 0) throw failuresOf(name)('no-function', 'is not deployed')
    const found = all.filter(({ version }) => version.startsWith(prefix))
    const [one] = found
    if (one === undefined || found.length > 1) {
      const message = `"${name}" has ${found.length} versions that begin with ${prefix}`
      throw new AppError({ code: 'workflow/no-version', message })
    }
    await this.#versions.activate(name, one.version)
    await this.#changed(name)
    return this.describe(name)
  }

  async remove(name: string): Promise<void> {
    const wasThere = await this.#versions.remove(name)
    await this.#changed(name)
    if (!wasThere) throw failuresOf(name)('no-function', 'is not deployed')
  }

  stop(): Promise<void> {
    return this.#threads.stop()
  }

  #current(): Promise<Map<string, CurrentVersion>> {
    const now = this.#clock.nowMs()
    if (this.#seen === undefined || now - this.#seen.atMs >= freshMs) {
      const all = this.#versions.current().then((list) => new Map(list.map((v) => [v.name, v])))
      this.#seen = { atMs: now, all }
      all.catch(() => {
        this.#seen = undefined
      })
    }
    return this.#seen.all
  }

  async #find(name: string): Promise<ThreadFunction> {
    const deployed = (await this.#current()).get(name)
    if (deployed !== undefined) {
      const files = () => this.#versions.files(name, deployed.version)
      const place = await this.#laid.of(deployed, files)
      const file = pathToFileURL(path.join(place, deployed.manifest.main ?? '')).href
      return threadFunction(this.#options, { name, file, manifest: deployed.manifest })
    }
    const found = await this.#folder?.find(name)
    if (found !== undefined) return threadFunction(this.#options, found)
    const { folder } = this.#options
    const where = folder === undefined ? '' : ` and none lies in ${folder}`
    throw failuresOf(name)('no-function', `is not there: none is deployed by that name${where}`)
  }

  /** Threads and folders of what is called no more end. */
  async #changed(name: string): Promise<void> {
    this.#seen = undefined
    const folder = `${pathToFileURL(this.#options.versions).href}/${name}/`
    await this.#threads.forget((file) => file.startsWith(folder))
    const kept = await this.#versions.of(name)
    await this.#laid.keep(
      name,
      kept.map(({ version }) => version),
    )
  }
}

function threadFunction(
  options: LocalFunctionOptions,
  found: Pick<FolderFunction, 'name' | 'file' | 'manifest'>,
): ThreadFunction {
  const { timeoutMs, memoryMb, network = false }: FunctionManifest = found.manifest
  return {
    ...{ name: found.name, file: found.file, network },
    timeoutMs: timeoutMs ?? options.timeoutMs ?? 10_000,
    memoryMb: memoryMb ?? options.memoryMb ?? 64,
  }
}

function deployedView({ name, version, atMs }: CurrentVersion): DeployedFunction {
  return { name, version, runtime: 'thread', deployedAtMs: atMs, state: 'active' }
}

function folderView({ name, atMs }: FolderFunction): DeployedFunction {
  return { name, version: undefined, runtime: 'thread', deployedAtMs: atMs, state: 'in the folder' }
}

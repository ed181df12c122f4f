/** Calls functions of an Azure app with function keys, and looks after them by its REST interfaces. */

import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { Recent } from '../base/recent.ts'
import { encodeCloudEvent } from '../stream/cloud-event-http.ts'
import type {
  DeployedFunction,
  FunctionDetail,
  FunctionManagement,
  FunctionProvider,
  FunctionSource,
  FunctionVersion,
  Invocation,
  LogLine,
} from './functions.ts'
import type { GuardedHttp } from './guarded-http.ts'
import { AzureIdentity, type AzureIdentityOptions } from './providers/azure-identity.ts'
import { failuresOf } from './providers/call-failures.ts'
import {
  askCloud,
  askCloudJson,
  type CloudRequest,
  cloudFailures,
  undeployable,
} from './providers/cloud-request.ts'
import { functionEvent, waitedFor } from './providers/function-event.ts'
import { postCall, statusFailure } from './providers/http-call.ts'
import { zipArchive } from './providers/zip-archive.ts'

/** Which app, and by whose word. */
export interface AzureFunctionOptions extends AzureIdentityOptions {
  /** Name of the function app. */
  readonly app: string
  readonly http: GuardedHttp
  /** Key of the app or of its functions; without one it is asked for. */
  readonly key?: string
  readonly subscription?: string
  readonly resourceGroup?: string
  /** Id of the app's Application Insights, where its logs are. */
  readonly insights?: string
  /** Longest run of a call; default 60,000. */
  readonly timeoutMs?: number
  /** Default `https://APP.azurewebsites.net`. */
  readonly endpoint?: string
  /** Default `https://APP.scm.azurewebsites.net`. */
  readonly deployment?: string
  /** Default `https://management.azure.com`. */
  readonly resources?: string
  /** Default `https://api.applicationinsights.io`. */
  readonly logging?: string
  /** Pause between two looks at a deployment; default 2,000. */
  readonly pollMs?: number
}

interface AzureFunction {
  readonly name: string
  readonly properties?: { readonly language?: string; readonly isDisabled?: boolean }
}

interface Deployment {
  readonly id?: string
  readonly status?: number
  readonly status_text?: string
  readonly active?: boolean
  readonly end_time?: string
}

interface Tables {
  readonly tables?: readonly { readonly rows: readonly (readonly Json[])[] }[]
}

const apiVersion = 'api-version=2024-04-01'
/** How a deployment stands, by Kudu's numbers. */
const [failed, succeeded] = [3, 4]
const bounds = { functions: 1_000, looks: 300, versions: 20 }
const place = 'Azure'

/** A provider over one function app. */
export function createAzureFunctions(options: AzureFunctionOptions): AzureFunctions {
  return new AzureFunctions(options)
}

class AzureFunctions implements FunctionProvider, FunctionManagement {
  readonly kind = 'azure'
  readonly management = this
  readonly #options: AzureFunctionOptions
  readonly #identity: AzureIdentity
  readonly #keys = new Recent<string, string | undefined>(1_024)
  readonly #ending = new AbortController()

  constructor(options: AzureFunctionOptions) {
    this.#options = options
    this.#identity = new AzureIdentity(options, options.http)
  }

  async invoke(name: string, payload: Json, invocation: Invocation): Promise<Json> {
    const { app, http, key, timeoutMs = 60_000 } = this.#options
    const { endpoint = `https://${app}.azurewebsites.net` } = this.#options
    const fail = failuresOf(name, ` at ${place}`)
    if (invocation.signal.aborted) throw fail('function-cancelled', 'was interrupted')
    const known = key ?? this.#keys.get(name)
    const called = functionEvent(name, payload, waitedFor(invocation, timeoutMs))
    const event = encodeCloudEvent(called, 'structured')
    const call = (given: string) =>
      postCall({
        ...{ http, url: `${endpoint}/api/${encodeURIComponent(name)}`, body: String(event.body) },
        ...{ invocation, timeoutMs, fail },
        headers: {
          ...{ ...event.headers, 'x-functions-key': given },
          'idempotency-key': invocation.idempotencyKey,
        },
      })
    try {
      return await call(known ?? (await this.#newKey(name)))
    } catch (error) {
      const isStale = key === undefined && known !== undefined && isUnauthorized(error)
      if (!isStale) throw error
      // Somebody has renewed the keys.
      return call(await this.#newKey(name))
    }
  }

  async list(): Promise<readonly DeployedFunction[]> {
    const found: DeployedFunction[] = []
    let url: string | undefined = this.#resource('functions')
    do {
      const page: { value?: readonly AzureFunction[]; nextLink?: string | null } = await this.#ask(
        '*',
        { url },
      )
      found.push(...(page.value ?? []).map(viewOf))
      url = page.nextLink ?? undefined
    } while (url !== undefined && found.length < bounds.functions)
    return found.slice(0, bounds.functions)
  }

  async describe(name: string): Promise<FunctionDetail> {
    const one = await this.#ask<AzureFunction>(name, { url: this.#resource(`functions/${name}`) })
    const versions = await this.#versions()
    const current = versions.find(({ isCurrent }) => isCurrent)
    const known = { version: current?.version, deployedAtMs: current?.atMs }
    return { ...viewOf(one), ...known, versions }
  }

  /** Deploys the whole app: an archive takes the place of all that was there. */
  async deploy(name: string, source: FunctionSource): Promise<DeployedFunction> {
    if (!source.files.has('host.json')) {
      throw undeployable(
        name,
        place,
        'its folder has no host.json: what is deployed is a whole app',
      )
    }
    const fail = failuresOf(name, ` at ${place}`)
    const answer = await askCloud(
      this.#options.http,
      {
        url: `${this.#kudu()}/api/zipdeploy?isAsync=true`,
        ...{ method: 'POST', body: zipArchive(source.files), timeoutMs: 300_000 },
        headers: { 'content-type': 'application/zip', ...(await this.#bearer()) },
      },
      fail,
    )
    if (answer.status !== 202 && answer.status !== 200) throw statusFailure(answer, fail)
    await this.#deployed(name, `${this.#kudu()}/api/deployments/latest`)
    await this.#ask(name, { url: this.#resource('syncfunctiontriggers'), method: 'POST' })
    return this.#appeared(name)
  }

  async activate(name: string, version: string): Promise<DeployedFunction> {
    const url = `${this.#kudu()}/api/deployments/${encodeURIComponent(version)}`
    try {
      await this.#ask(name, { url, method: 'PUT', body: {} })
    } catch (cause) {
      if ((cause as AppError).code !== 'workflow/no-function') throw cause
      const message = `the app "${this.#options.app}" has no deployment ${version}`
      throw new AppError({ code: 'workflow/no-version', message, cause })
    }
    await this.#deployed(name, url)
    return this.describe(name)
  }

  async remove(name: string): Promise<void> {
    await this.#ask(name, { url: this.#resource(`functions/${name}`), method: 'DELETE' })
    this.#keys.set(name, undefined)
  }

  async logs(name: string, limit: number): Promise<readonly LogLine[]> {
    const { insights, logging = 'https://api.applicationinsights.io' } = this.#options
    if (insights === undefined) {
      const message = 'logs at Azure are in Application Insights; set "insights" at the provider'
      throw new AppError({ code: 'workflow/unmanaged-function', message })
    }
    const query = `traces | where operation_Name == '${name}' | top ${limit} by timestamp desc | project timestamp, severityLevel, message`
    const token = await this.#identity.token('https://api.applicationinsights.io/.default')
    const { tables = [] } = await askCloudJson<Tables>(
      this.#options.http,
      {
        ...{ url: `${logging}/v1/apps/${insights}/query`, method: 'POST', body: { query } },
        headers: { authorization: `Bearer ${token}` },
      },
      failuresOf(name, ` at ${place}`),
    )
    return (tables[0]?.rows ?? []).map(lineOf).reverse()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
  }

  async #newKey(name: string): Promise<string> {
    const url = this.#resource(`functions/${name}/listkeys`)
    const keys = await this.#ask<Record<string, string>>(name, { url, method: 'POST' })
    const key = keys.default ?? Object.values(keys)[0]
    if (key === undefined) {
      throw failuresOf(name, ` at ${place}`)('function-refused', 'has no key')
    }
    this.#keys.set(name, key)
    return key
  }

  async #versions(): Promise<readonly FunctionVersion[]> {
    const all = await this.#ask<readonly Deployment[]>('*', {
      url: `${this.#kudu()}/api/deployments`,
    })
    return all.slice(0, bounds.versions).map(({ id = '', active = false, end_time: at = '' }) => {
      const atMs = Date.parse(at)
      const known = { version: id, isCurrent: active, bytes: undefined }
      return { ...known, atMs: Number.isNaN(atMs) ? undefined : atMs }
    })
  }

  /** Waits until a deployment has ended well. */
  async #deployed(name: string, url: string): Promise<void> {
    for (let look = 0; look < bounds.looks; look += 1) {
      const now = await this.#ask<Deployment>('*', { url })
      if (now.status === succeeded) return
      if (now.status === failed) throw undeployable(name, place, now.status_text ?? 'it failed')
      await this.#pause()
    }
    throw undeployable(name, place, 'its deployment does not end')
  }

  /** The host begins anew after a deployment, and tells its functions when it has. */
  async #appeared(name: string): Promise<DeployedFunction> {
    for (let look = 0; look < bounds.looks; look += 1) {
      const found = (await this.list()).find((one) => one.name === name)
      if (found !== undefined) return found
      await this.#pause()
    }
    throw undeployable(name, place, `the app that was deployed has no function "${name}"`)
  }

  async #pause(): Promise<void> {
    await pause(this.#options.pollMs ?? 2_000, undefined, { signal: this.#ending.signal })
  }

  #kudu(): string {
    return this.#options.deployment ?? `https://${this.#options.app}.scm.azurewebsites.net`
  }

  /** An address within the app, at Azure Resource Manager. */
  #resource(what: string): string {
    const { subscription, resourceGroup, app } = this.#options
    const { resources = 'https://management.azure.com' } = this.#options
    if (subscription === undefined || resourceGroup === undefined) {
      const message = `the provider of the app "${app}" has no "subscription" and "resourceGroup"`
      throw new AppError({ code: 'workflow/unmanaged-function', message })
    }
    const group = `${resources}/subscriptions/${subscription}/resourceGroups/${resourceGroup}`
    return `${group}/providers/Microsoft.Web/sites/${app}/${what}?${apiVersion}`
  }

  async #bearer(): Promise<{ readonly authorization: string }> {
    const token = await this.#identity.token('https://management.azure.com/.default')
    return { authorization: `Bearer ${token}` }
  }

  async #ask<T>(name: string, request: CloudRequest): Promise<T> {
    const fail = name === '*' ? cloudFailures(place) : failuresOf(name, ` at ${place}`)
    const headers = { ...(await this.#bearer()) }
    return askCloudJson<T>(this.#options.http, { ...request, headers }, fail)
  }
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof AppError && error.data.status === 401
}

function viewOf({ name, properties }: AzureFunction): DeployedFunction {
  return {
    name: name.split('/').at(-1) ?? '',
    ...{ version: undefined, deployedAtMs: undefined },
    runtime: properties?.language,
    state: properties?.isDisabled ? 'disabled' : 'active',
  }
}

/** A row of time, severity from 0 to 4, and text. */
function lineOf([at, severity, text]: readonly Json[]): LogLine {
  const levels = ['debug', 'info', 'warn', 'error', 'error'] as const
  const level = levels[Number(severity)] ?? 'info'
  return { atMs: Date.parse(String(at)) || 0, level, text: String(text) }
}

/** Calls functions of Google Cloud with ID tokens, and looks after them by its REST interface (v2). */

import { setTimeout as pause } from 'node:timers/promises'
import type { Json } from '../base/json-rpc.ts'
import { Recent } from '../base/recent.ts'
import { encodeCloudEvent } from '../stream/cloud-event-http.ts'
import type {
  DeployedFunction,
  FunctionDetail,
  FunctionManagement,
  FunctionProvider,
  FunctionSource,
  Invocation,
  LogLine,
} from './functions.ts'
import type { GuardedHttp } from './guarded-http.ts'
import { failuresOf } from './providers/call-failures.ts'
import { askCloud, askCloudJson, cloudFailures, undeployable } from './providers/cloud-request.ts'
import { functionEvent, waitedFor } from './providers/function-event.ts'
import { GoogleIdentity, type GoogleIdentityOptions } from './providers/google-identity.ts'
import { postCall } from './providers/http-call.ts'
import { zipArchive } from './providers/zip-archive.ts'

/** Which functions, and by whose word. */
export interface GoogleFunctionOptions extends GoogleIdentityOptions {
  readonly project: string
  /** Such as `europe-west3`. */
  readonly region: string
  readonly http: GuardedHttp
  /** Addresses of functions by name; others are asked for. */
  readonly urls?: Readonly<Record<string, string>>
  /** Longest run of a call; default 60,000. */
  readonly timeoutMs?: number
  /** Default `https://cloudfunctions.googleapis.com`. */
  readonly endpoint?: string
  /** Default `https://logging.googleapis.com`. */
  readonly logging?: string
  /** Pause between two looks at an operation; default 2,000. */
  readonly pollMs?: number
}

/** A function as Google describes it. */
interface CloudFunction {
  readonly name: string
  readonly state?: string
  readonly updateTime?: string
  readonly stateMessages?: readonly { readonly message?: string }[]
  readonly buildConfig?: { readonly runtime?: string }
  readonly serviceConfig?: { readonly uri?: string; readonly revision?: string }
}

interface Operation {
  readonly name: string
  readonly done?: boolean
  readonly error?: { readonly message?: string }
}

interface LogEntry {
  readonly timestamp?: string
  readonly severity?: string
  readonly textPayload?: string
  readonly jsonPayload?: { readonly message?: string }
}

/** Functions that are listed, and looks at an operation: ten minutes of them. */
const bounds = { functions: 1_000, looks: 300 }
/** Names of functions there. */
const cloudName = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/
const place = 'Google'

/** A provider over Cloud Functions. */
export function createGoogleFunctions(options: GoogleFunctionOptions): GoogleFunctions {
  return new GoogleFunctions(options)
}

class GoogleFunctions implements FunctionProvider, FunctionManagement {
  readonly kind = 'google'
  readonly management = this
  readonly #options: GoogleFunctionOptions
  readonly #identity: GoogleIdentity
  readonly #uris = new Recent<string, string>(1_024)
  readonly #parent: string
  readonly #ending = new AbortController()

  constructor(options: GoogleFunctionOptions) {
    this.#options = options
    this.#identity = new GoogleIdentity(options, options.http)
    const { endpoint = 'https://cloudfunctions.googleapis.com', project, region } = options
    this.#parent = `${endpoint}/v2/projects/${project}/locations/${region}/functions`
  }

  async invoke(name: string, payload: Json, invocation: Invocation): Promise<Json> {
    const { http, timeoutMs = 60_000 } = this.#options
    const fail = failuresOf(name, ` at ${place}`)
    if (invocation.signal.aborted) throw fail('function-cancelled', 'was interrupted')
    const url = await this.#uri(name)
    const [audience = url] = url.split('?')
    const token = await this.#identity.idToken(audience)
    const { headers, body } = encodeCloudEvent(
      functionEvent(name, payload, waitedFor(invocation, timeoutMs)),
      'structured',
    )
    const key = { 'idempotency-key': invocation.idempotencyKey }
    return postCall({
      ...{ http, url, body: String(body), invocation, timeoutMs, fail },
      headers: { ...headers, ...key, authorization: `Bearer ${token}` },
    })
  }

  async list(): Promise<readonly DeployedFunction[]> {
    const found: DeployedFunction[] = []
    let pageToken: string | undefined
    do {
      const query = `pageSize=100${pageToken ? `&pageToken=${encodeURIComponent(pageToken)}` : ''}`
      const page: { functions?: readonly CloudFunction[]; nextPageToken?: string } =
        await this.#ask('*', { url: `${this.#parent}?${query}` })
      found.push(...(page.functions ?? []).map(viewOf))
      pageToken = page.nextPageToken
    } while (pageToken && found.length < bounds.functions)
    return found.slice(0, bounds.functions)
  }

  async describe(name: string): Promise<FunctionDetail> {
    const one = await this.#get(name)
    const view = viewOf(one)
    const { version, deployedAtMs: atMs } = view
    const current = { atMs, bytes: undefined, isCurrent: true }
    return { ...view, versions: version === undefined ? [] : [{ version, ...current }] }
  }

  async deploy(name: string, source: FunctionSource): Promise<DeployedFunction> {
    const { runtime, handler = 'handler', timeoutMs = 10_000, memoryMb = 128 } = source.manifest
    if (!cloudName.test(name)) {
      throw undeployable(name, place, 'a name there has lower-case letters, digits and dashes')
    }
    if (runtime === undefined) {
      throw undeployable(name, place, 'its function.json names no "runtime", such as nodejs24')
    }
    const storageSource = await this.#upload(name, source)
    const wanted = {
      environment: 'GEN_2',
      buildConfig: { runtime, entryPoint: handler, source: { storageSource } },
      serviceConfig: {
        timeoutSeconds: Math.ceil(timeoutMs / 1_000),
        availableMemory: `${Math.max(128, memoryMb)}Mi`,
      },
    }
    const isThere = await this.#get(name).then(
      () => true,
      (error) => {
        if (error.code === 'workflow/no-function') return false
        throw error
      },
    )
    const mask = 'updateMask=buildConfig,serviceConfig.timeoutSeconds,serviceConfig.availableMemory'
    const request = isThere
      ? { url: `${this.#parent}/${name}?${mask}`, method: 'PATCH', body: wanted }
      : { url: `${this.#parent}?functionId=${name}`, method: 'POST', body: wanted }
    await this.#finished(name, await this.#ask<Operation>(name, request))
    return viewOf(await this.#get(name))
  }

  async remove(name: string): Promise<void> {
    const url = `${this.#parent}/${encodeURIComponent(name)}`
    await this.#finished(name, await this.#ask<Operation>(name, { url, method: 'DELETE' }))
  }

  async logs(name: string, limit: number): Promise<readonly LogLine[]> {
    const { logging = 'https://logging.googleapis.com', project } = this.#options
    await this.#get(name)
    const { entries = [] } = await this.#ask<{ entries?: readonly LogEntry[] }>(name, {
      ...{ url: `${logging}/v2/entries:list`, method: 'POST' },
      body: {
        resourceNames: [`projects/${project}`],
        filter: `resource.type="cloud_run_revision" AND resource.labels.service_name="${name}"`,
        ...{ orderBy: 'timestamp desc', pageSize: limit },
      },
    })
    return entries.map(lineOf).reverse()
  }

  async stop(): Promise<void> {
    this.#ending.abort()
  }

  /** Gives the archive to the place that Google names for it. */
  async #upload(name: string, source: FunctionSource): Promise<unknown> {
    const url = `${this.#parent}:generateUploadUrl`
    const where = await this.#ask<{ uploadUrl: string; storageSource: unknown }>(name, {
      ...{ url, method: 'POST', body: { environment: 'GEN_2' } },
    })
    const { status } = await askCloud(
      this.#options.http,
      {
        ...{ url: where.uploadUrl, method: 'PUT', body: zipArchive(source.files) },
        ...{ headers: { 'content-type': 'application/zip' }, timeoutMs: 300_000 },
      },
      failuresOf(name, ` at ${place}`),
    )
    if (status === 200) return where.storageSource
    throw undeployable(name, place, `the archive was answered with ${status}`)
  }

  async #finished(name: string, first: Operation): Promise<void> {
    const { pollMs = 2_000, endpoint = 'https://cloudfunctions.googleapis.com' } = this.#options
    let operation = first
    for (let look = 0; operation.done !== true; look += 1) {
      if (look === bounds.looks) throw undeployable(name, place, 'its operation does not end')
      await pause(pollMs, undefined, { signal: this.#ending.signal })
      operation = await this.#ask('*', { url: `${endpoint}/v2/${first.name}` })
    }
    const { error } = operation
    if (error !== undefined) throw undeployable(name, place, error.message ?? 'it failed')
  }

  async #uri(name: string): Promise<string> {
    const { urls = {} } = this.#options
    const known = Object.hasOwn(urls, name) ? urls[name] : this.#uris.get(name)
    if (known !== undefined) return known
    const { serviceConfig } = await this.#get(name)
    const uri = serviceConfig?.uri
    if (uri === undefined) {
      throw failuresOf(name, ` at ${place}`)('function-failed', 'has no address yet')
    }
    this.#uris.set(name, uri)
    return uri
  }

  #get(name: string): Promise<CloudFunction> {
    return this.#ask(name, { url: `${this.#parent}/${encodeURIComponent(name)}` })
  }

  async #ask<T>(
    name: string,
    request: { readonly url: string; readonly method?: string; readonly body?: object },
  ): Promise<T> {
    const fail = name === '*' ? cloudFailures(place) : failuresOf(name, ` at ${place}`)
    const headers = { authorization: `Bearer ${await this.#identity.accessToken()}` }
    return askCloudJson<T>(this.#options.http, { ...request, headers }, fail)
  }
}

function viewOf(one: CloudFunction): DeployedFunction {
  const atMs = Date.parse(one.updateTime ?? '')
  const [problem] = one.stateMessages ?? []
  const state = one.state?.toLowerCase() ?? 'unknown'
  return {
    name: one.name.split('/').at(-1) ?? '',
    version: one.serviceConfig?.revision,
    runtime: one.buildConfig?.runtime,
    deployedAtMs: Number.isNaN(atMs) ? undefined : atMs,
    state: state === 'active' ? state : (problem?.message ?? state),
  }
}

function lineOf({ timestamp = '', severity = '', textPayload, jsonPayload }: LogEntry): LogLine {
  const levels = { DEBUG: 'debug', WARNING: 'warn', ERROR: 'error', CRITICAL: 'error' } as const
  const level = Object.hasOwn(levels, severity) ? levels[severity as keyof typeof levels] : 'info'
  const text = textPayload ?? jsonPayload?.message ?? JSON.stringify(jsonPayload ?? null)
  return { atMs: Date.parse(timestamp) || 0, level, text }
}

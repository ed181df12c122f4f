/** Calls and looks after functions of AWS Lambda, by its official client. */

import type { Lambda } from '@aws-sdk/client-lambda'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type {
  DeployedFunction,
  FunctionDetail,
  FunctionManagement,
  FunctionProvider,
  FunctionSource,
  Invocation,
} from './functions.ts'
import { answered, failuresOf, withinTime } from './providers/call-failures.ts'
import { functionEvent, waitedFor } from './providers/function-event.ts'
import { functionFailure, lambdaFailure, tailLines } from './providers/lambda-answers.ts'
import { putLambda, untilReady } from './providers/lambda-deployment.ts'

/** Which functions, and by whose word; what is left out comes from the SDK's own chain (environment, files, the machine). */
export interface AwsFunctionOptions {
  readonly region?: string
  /** Instead of Amazon's own. */
  readonly endpoint?: string
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  /** ARN of the role that functions get that are made here. */
  readonly role?: string
  /** Calls go to the version that this alias names, and each deployment moves it; without one they go to the newest code. */
  readonly alias?: string
  /** Longest run of a call; default 60,000. */
  readonly timeoutMs?: number
  /** Pause between two looks at a function that is being made ready; default 1,000. */
  readonly pollMs?: number
}

/** Functions and versions that are listed. */
const mostListed = { functions: 1_000, versions: 50 }

/** A provider over AWS Lambda; the client is loaded at the first use. */
export function createAwsFunctions(options: AwsFunctionOptions): AwsFunctions {
  return new AwsFunctions(options)
}

class AwsFunctions implements FunctionProvider, FunctionManagement {
  readonly kind = 'aws'
  readonly management = this
  readonly #options: AwsFunctionOptions
  #client: Promise<Lambda> | undefined

  constructor(options: AwsFunctionOptions) {
    this.#options = options
  }

  async invoke(name: string, payload: Json, invocation: Invocation): Promise<Json> {
    const { timeoutMs = 60_000, alias } = this.#options
    const fail = failuresOf(name, ' at AWS')
    const client = await this.#lambda()
    const event = functionEvent(name, payload, waitedFor(invocation, timeoutMs))
    const answer = await withinTime({ invocation, timeoutMs, fail }, async (abortSignal) => {
      try {
        return await client.invoke(
          {
            ...{ FunctionName: name, InvocationType: 'RequestResponse', LogType: 'Tail' },
            Payload: Buffer.from(JSON.stringify(event)),
            ...(alias === undefined ? {} : { Qualifier: alias }),
          },
          { abortSignal },
        )
      } catch (error) {
        throw lambdaFailure(error, fail)
      }
    })
    for (const line of tailLines(answer.LogResult, Date.now())) invocation.log?.(line)
    const text = answer.Payload?.transformToString('utf8') ?? ''
    if (answer.FunctionError !== undefined) throw functionFailure(text, fail)
    return text === '' ? null : answered(text, fail)
  }

  async list(): Promise<readonly DeployedFunction[]> {
    const client = await this.#lambda()
    const found: DeployedFunction[] = []
    let Marker: string | undefined
    do {
      const page = await this.#ask('*', () => client.listFunctions(Marker ? { Marker } : {}))
      for (const one of page.Functions ?? []) found.push(viewOf(one))
      Marker = page.NextMarker
    } while (Marker !== undefined && found.length < mostListed.functions)
    return found.slice(0, mostListed.functions)
  }

  async describe(name: string): Promise<FunctionDetail> {
    const { alias } = this.#options
    const client = await this.#lambda()
    const FunctionName = name
    const latest = await this.#ask(name, () => client.getFunctionConfiguration({ FunctionName }))
    const current =
      alias === undefined
        ? undefined
        : await client.getAlias({ FunctionName, Name: alias }).catch(() => undefined)
    const versions = await this.#ask(name, async () => {
      const found: NonNullable<typeof latest>[] = []
      let Marker: string | undefined
      do {
        const asked = { FunctionName, ...(Marker ? { Marker } : {}) }
        const page = await client.listVersionsByFunction(asked)
        found.push(...(page.Versions ?? []).map((one) => ({ $metadata: {}, ...one })))
        Marker = page.NextMarker
      } while (Marker !== undefined && found.length < 10 * mostListed.versions)
      return found
    })
    const version = current?.FunctionVersion ?? '$LATEST'
    return {
      ...viewOf(latest),
      version,
      versions: versions
        .reverse()
        .slice(0, mostListed.versions)
        .map((one) => ({
          version: one.Version ?? '',
          atMs: timeOf(one.LastModified),
          bytes: one.CodeSize,
          isCurrent: one.Version === version,
        })),
    }
  }

  async deploy(name: string, source: FunctionSource): Promise<DeployedFunction> {
    const client = await this.#lambda()
    const { role, alias, pollMs = 1_000 } = this.#options
    const { Version = '' } = await this.#ask(name, () =>
      putLambda(client, { name, source, role, pollMs }),
    )
    if (alias !== undefined) await this.#pointAt(name, Version)
    const FunctionName = name
    const made = await this.#ask(name, () => client.getFunctionConfiguration({ FunctionName }))
    return { ...viewOf(made), version: Version }
  }

  async activate(name: string, version: string): Promise<DeployedFunction> {
    const client = await this.#lambda()
    if (this.#options.alias === undefined) {
      const message = `calls of "${name}" go to its newest code; set "alias" at the provider to choose a version`
      throw new AppError({ code: 'workflow/no-version', message })
    }
    const FunctionName = name
    await this.#ask(name, () => client.getFunctionConfiguration({ FunctionName }))
    await this.#pointAt(name, version)
    return this.describe(name)
  }

  async remove(name: string): Promise<void> {
    const client = await this.#lambda()
    await this.#ask(name, () => client.deleteFunction({ FunctionName: name }))
  }

  async stop(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    client?.destroy()
  }

  /** Moves the alias, or makes it. */
  async #pointAt(name: string, version: string): Promise<void> {
    const client = await this.#lambda()
    const { alias = '', pollMs = 1_000 } = this.#options
    const where = { FunctionName: name, Name: alias, FunctionVersion: version }
    try {
      await client.updateAlias(where).catch((error) => {
        if (error.name !== 'ResourceNotFoundException') throw error
        return client.createAlias(where)
      })
    } catch (cause) {
      const message = `"${name}" has no version ${version}: ${(cause as Error).message}`
      throw new AppError({ code: 'workflow/no-version', message, cause })
    }
    await untilReady(client, { name, pollMs })
  }

  /** The client, without retries of its own: these are the engine's. */
  #lambda(): Promise<Lambda> {
    const { region, endpoint, credentials } = this.#options
    this.#client ??= import('@aws-sdk/client-lambda').then(
      (sdk) =>
        new sdk.Lambda({
          maxAttempts: 1,
          ...(region === undefined ? {} : { region }),
          ...(endpoint === undefined ? {} : { endpoint }),
          ...(credentials === undefined ? {} : { credentials }),
        }),
    )
    return this.#client
  }

  /** Asks for something other than a call; what fails is told in Amazon's words. */
  async #ask<T>(name: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof AppError) throw error
      throw lambdaFailure(error, failuresOf(name, ' at AWS'))
    }
  }
}

interface LambdaConfiguration {
  readonly FunctionName?: string | undefined
  readonly Runtime?: string | undefined
  readonly LastModified?: string | undefined
  readonly State?: string | undefined
  readonly StateReason?: string | undefined
}

function viewOf(one: LambdaConfiguration): DeployedFunction {
  return {
    name: one.FunctionName ?? '',
    version: undefined,
    runtime: one.Runtime,
    deployedAtMs: timeOf(one.LastModified),
    // A list leaves the state out.
    state: one.StateReason ?? one.State?.toLowerCase() ?? 'active',
  }
}

function timeOf(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

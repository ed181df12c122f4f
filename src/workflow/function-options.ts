/** Reads which providers of functions there are, and who has which function. */

import { z } from 'zod'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { functionName } from './functions.ts'
import { isWebhookSecret } from './webhook-signature.ts'

const web = z.url({ protocol: /^https?$/, error: 'expected an address, http or https' })
const word = z.string().min(1).max(1_000)
const timeoutMs = z.number().int().min(1).max(900_000).exactOptional()
const pattern = (url: string) => URL.canParse(url.replaceAll('{name}', 'name'))

const local = z.strictObject({
  ...{ kind: z.literal('local'), timeoutMs },
  memoryMb: z.number().int().min(16).max(10_240).exactOptional(),
  threads: z.number().int().min(1).max(256).exactOptional(),
})
const http = z.strictObject({
  ...{ kind: z.literal('http'), timeoutMs },
  url: z
    .string()
    .regex(/^https?:\/\//)
    .refine(pattern, 'expected an address, http or https'),
  urls: z.record(word, web).exactOptional(),
  secrets: z
    .array(z.string().refine(isWebhookSecret, 'expected base64 of 24 to 64 bytes'))
    .max(8)
    .exactOptional(),
  headers: z.record(word, word).exactOptional(),
})
const aws = z.strictObject({
  ...{
    kind: z.literal('aws'),
    timeoutMs,
    region: word.exactOptional(),
    endpoint: web.exactOptional(),
  },
  ...{ accessKeyId: word.exactOptional(), secretAccessKey: word.exactOptional() },
  ...{ sessionToken: z.string().min(1).max(10_000).exactOptional(), role: word.exactOptional() },
  alias: z
    .string()
    .regex(/^(?!\d+$)[\w-]{1,128}$/)
    .exactOptional(),
})

const google = z.strictObject({
  ...{ kind: z.literal('google'), timeoutMs, project: word, region: word },
  ...{ keyFile: word.exactOptional(), urls: z.record(word, web).exactOptional() },
  ...{ endpoint: web.exactOptional(), logging: web.exactOptional() },
  metadata: web.exactOptional(),
})
const azure = z.strictObject({
  ...{ kind: z.literal('azure'), timeoutMs, app: word, key: word.exactOptional() },
  ...{ tenant: word.exactOptional(), clientId: word.exactOptional() },
  ...{ clientSecret: word.exactOptional(), insights: word.exactOptional() },
  ...{ subscription: word.exactOptional(), resourceGroup: word.exactOptional() },
  ...{ endpoint: web.exactOptional(), deployment: web.exactOptional() },
  ...{ resources: web.exactOptional(), login: web.exactOptional() },
  logging: web.exactOptional(),
})

const route = z.strictObject({
  provider: word,
  target: z
    .string()
    .regex(/^[\w:/.-]{1,256}$/)
    .exactOptional(),
  timeoutMs,
  concurrency: z.number().int().min(1).max(10_000).exactOptional(),
})

const section = z.strictObject({
  default: word.exactOptional(),
  providers: z
    .record(
      z.string().regex(/^[a-z][\w-]{0,31}$/, 'expected a name'),
      z.discriminatedUnion('kind', [local, http, aws, google, azure]),
    )
    .default({}),
  names: z
    .record(
      z.string().regex(functionName, 'expected the name of a function'),
      z.union([word.transform((provider) => ({ provider })), route]),
    )
    .default({}),
  guard: z
    .strictObject({
      failures: z.number().int().min(1).max(1_000).exactOptional(),
      openMs: z.number().int().min(1).max(3_600_000).exactOptional(),
      concurrency: z.number().int().min(1).max(10_000).exactOptional(),
      mostWaiting: z.number().int().min(0).max(100_000).exactOptional(),
      longestWaitMs: z.number().int().min(1).max(600_000).exactOptional(),
    })
    .default({}),
})

/** What the setting says; `providers` always has one that is called `local`. */
export type FunctionOptions = z.infer<typeof section> & { readonly default: string }

/** The options of one provider. */
export type ProviderOptions = FunctionOptions['providers'][string]

/** Most providers and names. */
const bounds = { providers: 32, names: 1_000 }

/**
 * Reads the section. A text `env:NAME` stands for a variable of the environment.
 *
 * @param url - of `SERVERLESS_FUNCTION_URL`: a provider `http`, which is the default one unless another is named
 * @throws AppError `workflow/bad-functions`, which tells no value: it may be a secret
 */
export function readFunctionOptions(
  given: Json,
  {
    environment = {},
    url,
  }: {
    readonly environment?: Readonly<Record<string, string | undefined>>
    readonly url?: string | undefined
  } = {},
): FunctionOptions {
  const result = section.safeParse(withEnvironment(given, environment))
  if (!result.success) {
    const [issue] = result.error.issues
    const place = (issue?.path ?? []).map(String).join('.') || 'the whole'
    throw bad(`${place}: ${issue?.message ?? 'not understood'}`)
  }
  const { data } = result
  const providers: FunctionOptions['providers'] = {
    local: { kind: 'local' },
    ...(url === undefined ? {} : { http: { kind: 'http', url } }),
    ...data.providers,
  }
  if (providers.local?.kind !== 'local') throw bad('"local" is the name of the local provider')
  if (Object.keys(providers).length > bounds.providers) {
    throw bad(`there are over ${bounds.providers} providers`)
  }
  if (Object.keys(data.names).length > bounds.names)
    throw bad(`there are over ${bounds.names} names`)
  const first = data.default ?? (url === undefined ? 'local' : 'http')
  const wanted = [first, ...Object.values(data.names).map(({ provider }) => provider)]
  for (const name of wanted) {
    if (!Object.hasOwn(providers, name)) throw bad(`there is no provider "${name}"`)
  }
  return { ...data, providers, default: first }
}

function withEnvironment(
  value: Json,
  environment: Readonly<Record<string, string | undefined>>,
): Json {
  if (typeof value === 'string') {
    const [, variable] = /^env:(\w+)$/.exec(value) ?? []
    if (variable === undefined) return value
    const found = environment[variable]
    if (found === undefined) throw bad(`the variable ${variable} is not set`)
    return found
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one: Json) => withEnvironment(one, environment))
  const entries = Object.entries(value).map(
    ([key, one]) => [key, withEnvironment(one, environment)] as const,
  )
  return Object.fromEntries(entries)
}

function bad(reason: string): AppError {
  return new AppError({
    code: 'workflow/bad-functions',
    message: `the section "functions": ${reason}`,
  })
}

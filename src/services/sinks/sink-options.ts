/** Reads what the configuration says of sinks. */

import { z } from 'zod'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { compileExpression } from '../../stream/jq.ts'
import { isWebhookSecret } from '../../workflow/webhook-signature.ts'

/** Most sinks of a node. */
const mostSinks = 64

const address = (...schemes: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `expected an address of ${schemes.join(' or ')}`,
  })

const expression = z.string().refine(
  (text) => {
    try {
      compileExpression(text)
      return true
    } catch {
      return false
    }
  },
  { error: 'expected a jq expression' },
)

const names = z.array(z.string().min(1).max(256)).min(1).max(256).optional()

/** What every sink has. */
const every = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, {
    error: 'expected 1 to 32 lower-case letters, digits and dashes, a letter first',
  }),
  events: z.boolean().default(true),
  outcomes: z.boolean().default(true),
  lifecycle: z.boolean().default(false),
  tasks: z.boolean().default(false),
  names,
  chains: names,
  life: z.enum(['pending', 'confirmed', 'safe', 'finalized']).default('confirmed'),
  eachLife: z.boolean().default(false),
  filter: expression.optional(),
  key: expression.optional(),
  attempts: z.number().int().min(1).max(100).default(8),
  mostWaiting: z.number().int().min(1).max(10_000_000).default(100_000),
}

const secretForm = 'expected base64 of 24 to 64 bytes, with or without "whsec_"'

const subject = z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/)

const kinds = z.discriminatedUnion('kind', [
  z.strictObject({
    ...{ ...every, kind: z.literal('webhook'), url: address('http:', 'https:') },
    secret: z.string().refine(isWebhookSecret, { error: secretForm }).optional(),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  z.strictObject({
    ...{ ...every, kind: z.literal('amqp'), url: address('amqp:', 'amqps:') },
    exchange: z.string().min(1).max(127).default('quantumstream'),
    queue: z.string().min(1).max(127).optional(),
  }),
  z.strictObject({
    ...{ ...every, kind: z.literal('mqtt'), url: address('mqtt:', 'mqtts:') },
    topic: z
      .string()
      .regex(/^[^#+\0]{1,256}$/)
      .default('quantumstream'),
  }),
  z.strictObject({
    ...{ ...every, kind: z.literal('nats'), url: address('nats:', 'tls:') },
    ...{ subject: subject.default('quantumstream'), stream: z.string().min(1).max(64).optional() },
  }),
  z.strictObject({
    ...{ ...every, kind: z.literal('redis'), url: address('redis:', 'rediss:') },
    stream: z.string().min(1).max(256).default('quantumstream'),
    maxLength: z.number().int().min(1).max(1_000_000_000).default(1_000_000),
  }),
  z.strictObject({
    ...{ ...every, kind: z.literal('file'), folder: z.string().min(1).max(1_024) },
    maxBytes: z
      .number()
      .int()
      .min(1_024)
      .max(2 ** 40)
      .default(64 * 1_024 * 1_024),
    keepFiles: z.number().int().min(1).max(100_000).default(1_000),
  }),
])

/** One sink as it is configured. */
export type SinkOptions = z.infer<typeof kinds>

/** The options of one kind. */
export type OptionsOf<Kind extends SinkOptions['kind']> = Extract<SinkOptions, { kind: Kind }>

/**
 * Checks the section `sinks`. A text `env:NAME` as address or secret stands for the environment variable.
 *
 * @throws AppError `services/bad-sinks`
 */
export function readSinkOptions(
  section: Json | undefined,
  environment: Readonly<Record<string, string | undefined>> = {},
): readonly SinkOptions[] {
  const given = withEnvironment(section ?? [], environment)
  const result = z.array(kinds).max(mostSinks).safeParse(given)
  if (!result.success) {
    const [issue] = result.error.issues
    throw bad(`${placeOf(issue?.path ?? [])}: ${issue?.message ?? 'not understood'}`)
  }
  const known = new Set<string>()
  for (const { name } of result.data) {
    if (known.has(name)) throw bad(`there are two of the name "${name}"`)
    known.add(name)
  }
  return result.data
}

function withEnvironment(
  section: Json,
  environment: Readonly<Record<string, string | undefined>>,
): Json {
  if (!Array.isArray(section)) throw bad('expected a list')
  return section.map((one: Json) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one
    const entries = Object.entries(one).map(([member, value]) => {
      const [, variable] = /^env:(.+)$/.exec(typeof value === 'string' ? value : '') ?? []
      if (variable === undefined || !['url', 'secret'].includes(member)) return [member, value]
      const found = environment[variable]
      if (found === undefined)
        throw bad(`"${member}" names the variable ${variable}, which is not set`)
      return [member, found]
    })
    return Object.fromEntries(entries) as Json
  })
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the list' : path.map((part) => String(part)).join('.')
}

function bad(reason: string): AppError {
  return new AppError({ code: 'services/bad-sinks', message: `the section "sinks": ${reason}` })
}

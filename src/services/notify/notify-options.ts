/** Reads what the configuration says of notifications. */

import { z } from 'zod'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { isWebhookSecret } from '../../workflow/webhook-signature.ts'
import { channelNames } from '../notification.ts'

const address = (...schemes: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `expected an address of ${schemes.join(' or ')}`,
  })
const web = address('http:', 'https:')
const hooks = z
  .record(z.string().min(1).max(64), web)
  .refine((all) => Object.keys(all).length <= 256, { error: 'expected at most 256' })
const channel = z.enum(channelNames)
const secret = z.string().refine(isWebhookSecret, {
  error: 'expected base64 of 24 to 64 bytes, with or without "whsec_"',
})

const shape = z.strictObject({
  default: z.union([channel, z.array(channel).min(1)]).default('outbox'),
  perHour: z.number().int().min(1).max(1_000_000).default(60),
  attempts: z.number().int().min(1).max(100).default(8),
  email: z
    .strictObject({
      url: address('smtp:', 'smtps:'),
      from: z.string().min(3).max(320),
      to: z.string().min(3).max(320).optional(),
    })
    .optional(),
  webhook: z.strictObject({ hooks, secret: secret.optional() }).optional(),
  slack: z.strictObject({ hooks }).optional(),
  discord: z.strictObject({ hooks }).optional(),
  telegram: z
    .strictObject({
      token: z.string().min(1).max(256),
      url: web.default('https://api.telegram.org'),
    })
    .optional(),
  push: z.strictObject({ contact: address('mailto:', 'https:') }).optional(),
  groups: z
    .record(
      z.string().min(1).max(64),
      z
        .array(z.strictObject({ channel, to: z.string().min(1).max(320) }))
        .min(1)
        .max(100),
    )
    .default({}),
})

/** How notifications are sent. */
export type NotificationOptions = z.infer<typeof shape>

/**
 * Checks the section `notifications`. A text `env:NAME` anywhere stands for the environment variable.
 *
 * @throws AppError `services/bad-notifications`
 */
export function readNotificationOptions(
  section: Json | undefined,
  environment: Readonly<Record<string, string | undefined>> = {},
): NotificationOptions {
  const result = shape.safeParse(withEnvironment(section ?? {}, environment))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue?.path.map((part) => String(part)).join('.') || 'the section'
  throw bad(`${place}: ${issue?.message ?? 'not understood'}`)
}

function withEnvironment(
  value: Json,
  environment: Readonly<Record<string, string | undefined>>,
): Json {
  if (typeof value === 'string') {
    const [, name] = /^env:(.+)$/.exec(value) ?? []
    if (name === undefined) return value
    const found = environment[name]
    if (found === undefined) throw bad(`the variable ${name} is not set`)
    return found
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one: Json) => withEnvironment(one, environment))
  const entries = Object.entries(value).map(([name, one]) => [
    name,
    withEnvironment(one, environment),
  ])
  return Object.fromEntries(entries) as Json
}

function bad(reason: string): AppError {
  const message = `the section "notifications": ${reason}`
  return new AppError({ code: 'services/bad-notifications', message })
}

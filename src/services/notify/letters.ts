/** Makes notifications of what a step or a person orders: recipients, groups, templates. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { type ChannelName, channelNames, type Preview, type Templates } from '../notification.ts'
import type { NotificationOptions } from './notify-options.ts'
import type { NewNotification } from './outbox.ts'

/** Longest texts, in characters, and most recipients of one order. */
const bounds = { to: 320, subject: 300, body: 20_000 }
const mostRecipients = 100

/** An order as a step gives it. */
export interface Order {
  /** `notify.send`, for errors. */
  readonly by: string
  /** Of the function; absent where the input may name one. */
  readonly channel: ChannelName | undefined
  /** Makes the id of each. */
  readonly id: string
  readonly instanceId: string
}

/** What the texts are made with. */
interface LetterWorld {
  readonly options: Pick<NotificationOptions, 'groups'>
  /** Where an order names no channel. */
  readonly usual: readonly ChannelName[]
  readonly isSet: (channel: ChannelName) => boolean
  readonly templates: Templates
}

interface Recipient {
  readonly channel: ChannelName
  readonly to: string
}

type Fields = { readonly [name: string]: Json }

/**
 * The notifications of one order, one for each recipient.
 *
 * @throws AppError `services/bad-notification`, `services/channel-not-set`, those of templates
 */
export async function lettersOf(
  input: Json,
  order: Order,
  world: LetterWorld,
): Promise<readonly NewNotification[]> {
  const fields = fieldsOf(input)
  const recipients = recipientsOf(fields, order, world)
  const texts = new Map<ChannelName, Preview>()
  for (const { channel } of recipients) {
    if (!texts.has(channel)) texts.set(channel, await textsOf(fields, channel, { order, world }))
  }
  return recipients.map(({ channel, to }, at) => {
    const { subject, text: body, formatted } = texts.get(channel) as Preview
    const id = at === 0 ? order.id : `${order.id}-${at}`
    return { id, instanceId: order.instanceId, channel, to, subject, body, formatted }
  })
}

function fieldsOf(input: Json): Fields {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
    ? (input as Fields)
    : {}
}

function recipientsOf(fields: Fields, order: Order, world: LetterWorld): readonly Recipient[] {
  const named = order.channel ?? channelOf(fields.channel, order)
  const channels = named === undefined ? world.usual : [named]
  const given = Array.isArray(fields.to) ? (fields.to as readonly Json[]) : [fields.to ?? null]
  const all = given.flatMap((to): readonly Recipient[] => {
    const name = textOf('to', to, order)
    const group = Object.hasOwn(world.options.groups, name) ? world.options.groups[name] : undefined
    if (group === undefined) return channels.map((channel) => ({ channel, to: name }))
    return named === undefined ? group : group.filter((one) => one.channel === named)
  })
  const known = new Map(all.map((one) => [`${one.channel}\n${one.to}`, one]))
  if (known.size === 0 || known.size > mostRecipients) {
    throw bad(order, `needs 1 to ${mostRecipients} recipients in "to", and has ${known.size}`)
  }
  for (const one of known.values()) {
    if (world.isSet(one.channel)) continue
    const message = `${order.by}: the channel "${one.channel}" is not set up; see docs/notifications.md`
    throw new AppError({ code: 'services/channel-not-set', message })
  }
  return [...known.values()]
}

function channelOf(value: Json | undefined, order: Order): ChannelName | undefined {
  if (value === undefined) return undefined
  const known = channelNames.find((name) => name === value)
  if (known) return known
  throw bad(
    order,
    `knows no channel ${JSON.stringify(value)}; there are ${channelNames.join(', ')}`,
  )
}

async function textsOf(
  fields: Fields,
  channel: ChannelName,
  { order, world }: { readonly order: Order; readonly world: LetterWorld },
): Promise<Preview> {
  if (fields.template === undefined) {
    const subject = textOf('subject', fields.subject, order)
    return { subject, text: textOf('body', fields.body, order), formatted: undefined }
  }
  if (typeof fields.template !== 'string') throw bad(order, 'needs "template" as text')
  const made = await world.templates.render(fields.template, channel, fields.data ?? {})
  textOf('subject', made.subject, order)
  textOf('body', made.text, order)
  if (made.formatted !== undefined) textOf('body', made.formatted, order)
  return made
}

function textOf(name: keyof typeof bounds, value: Json | undefined, order: Order): string {
  if (typeof value === 'string' && value !== '' && value.length <= bounds[name]) return value
  throw bad(order, `needs "${name}" as text of 1 to ${bounds[name]} characters`)
}

function bad(order: Order, reason: string): AppError {
  return new AppError({ code: 'services/bad-notification', message: `${order.by} ${reason}` })
}

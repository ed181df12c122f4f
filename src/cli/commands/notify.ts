/** The command `notify`: shows notifications of a running node, previews templates, and tries channels. */

import { AppError } from '../../base/app-error.ts'
import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listFlags, listQuery, printPage } from '../api-lists.ts'
import type { Call, Command } from '../command.ts'

interface NotificationRow {
  readonly id: string
  readonly channel: string
  readonly to: string
  readonly subject: string
  readonly state: string
  readonly attempts: number
  readonly reason: string | null
  readonly at: string
}

interface Preview {
  readonly subject: string
  readonly text: string
  readonly formatted: string | null
}

export const notifyCommand: Command = {
  name: 'notify',
  summary: 'Shows notifications of a running node, previews templates, and tries channels',
  usage: 'list [--state S] | preview TEMPLATE | test RECIPIENT | requeue ID',
  details:
    'quantumstream notify preview paid --channel email --values \'{"amount":5}\'\nquantumstream notify test ann@example.org --channel email',
  mostWords: 2,
  flags: [
    { name: 'channel', value: 'C', description: 'outbox, email, webhook, push, slack, discord, …' },
    { name: 'state', value: 'S', description: 'stored, waiting, sending, held, sent or dead' },
    { name: 'values', value: 'JSON', description: 'Data of the template, default {}' },
    ...listFlags,
  ],
  settings: ['apiHost', 'apiPort'],
  async run(call) {
    const [what = 'list', subject] = call.words
    const origin = await apiOrigin(call)
    if (what === 'list') return list(origin, call)
    if (what === 'preview' && subject !== undefined) return preview(origin, call, subject)
    if (what === 'test' && subject !== undefined) {
      const sent = { ...named(call, 'channel'), to: subject }
      return rows(
        call,
        await askApi<ApiPage<NotificationRow>>(origin, '/v1/notifications/test', posted(sent)),
      )
    }
    if (what === 'requeue' && subject !== undefined) {
      const path = `/v1/notifications/${encodeURIComponent(subject)}/requeue`
      return rows(call, {
        items: [await askApi<NotificationRow>(origin, path, posted({}))],
        next: null,
      })
    }
    throw new AppError({
      code: 'cli/bad-usage',
      message: `"notify ${call.words.join(' ')}" is not known or not whole; see "quantumstream notify --help"`,
    })
  },
}

const posted = (body: object) => ({ method: 'POST', body }) as const

/** A flag that has a value, by its name. */
function named(call: Call, name: 'channel' | 'state'): Readonly<Record<string, string>> {
  const value = call.own[name]
  return typeof value === 'string' ? { [name]: value } : {}
}

async function list(origin: string, call: Call): Promise<number> {
  const query = listQuery(call, { ...named(call, 'state'), ...named(call, 'channel') })
  return rows(call, await askApi<ApiPage<NotificationRow>>(origin, `/v1/notifications?${query}`))
}

function rows(call: Call, page: ApiPage<NotificationRow>): number {
  return printPage(call, page, {
    notification: ({ id }) => id,
    channel: ({ channel }) => channel,
    to: ({ to }) => to,
    state: ({ state }) => state,
    attempts: ({ attempts }) => String(attempts),
    subject: ({ subject }) => subject,
    reason: ({ reason }) => reason ?? '',
  })
}

async function preview(origin: string, call: Call, name: string): Promise<number> {
  const path = `/v1/templates/${encodeURIComponent(name)}/preview`
  const order = { ...named(call, 'channel'), data: valuesOf(call.own.values) }
  const made = await askApi<Preview>(origin, path, posted(order))
  if (call.own.json) console.log(JSON.stringify(made, null, 2))
  else console.log(`${made.subject}\n\n${made.formatted ?? made.text}`)
  return 0
}

function valuesOf(text: string | true | undefined): unknown {
  if (typeof text !== 'string') return {}
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError({ code: 'cli/bad-usage', message: '--values is no JSON', cause })
  }
}

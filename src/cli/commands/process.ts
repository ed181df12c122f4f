/** The command `process`: shows the processes that share the database of a running node, and has one of them stop. */

import { AppError } from '../../base/app-error.ts'
import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listFlags, listQuery, printPage } from '../api-lists.ts'
import type { Call, Command } from '../command.ts'

interface ProcessRow {
  readonly id: string
  readonly roles: readonly string[]
  readonly version: string
  readonly state: string
  readonly detail: string
  readonly startedAt: string
  readonly seenAt: string
}

export const processCommand: Command = {
  name: 'process',
  summary: 'Shows the processes that share a database, and has one of them stop in order',
  usage: 'list | drain ID',
  details:
    'A process that is drained takes nothing new and hands over what it has, as by SIGTERM; others go on with it.',
  mostWords: 2,
  flags: [...listFlags],
  settings: ['apiHost', 'apiPort'],
  async run(call) {
    const [what = 'list', id] = call.words
    const origin = await apiOrigin(call)
    if (what === 'list' && id === undefined) {
      const query = listQuery(call, {})
      return rows(call, await askApi<ApiPage<ProcessRow>>(origin, `/v1/processes?${query}`))
    }
    if (what === 'drain' && id !== undefined) {
      const path = `/v1/processes/${encodeURIComponent(id)}/drain`
      const asked = await askApi<ProcessRow>(origin, path, { method: 'POST', body: {} })
      return rows(call, { items: [asked], next: null })
    }
    throw new AppError({
      code: 'cli/bad-usage',
      message: `"process ${call.words.join(' ')}" is not known or not whole; see "quantumstream process --help"`,
    })
  },
}

function rows(call: Call, page: ApiPage<ProcessRow>): number {
  return printPage(call, page, {
    process: ({ id }) => id,
    roles: ({ roles }) => roles.join(','),
    version: ({ version }) => version,
    state: ({ state }) => state,
    'last seen': ({ seenAt }) => seenAt,
    detail: ({ detail }) => detail,
  })
}

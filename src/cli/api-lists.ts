/** Asks the API of a running node for lists, and prints them page by page. */

import { type ApiPage, table } from './api-client.ts'
import { configOf } from './call-config.ts'
import type { Call, OwnFlag } from './command.ts'

/** Flags of commands that print lists. */
export const listFlags: readonly OwnFlag[] = [
  { name: 'limit', value: 'N', description: 'Lines of a list, 1 to 200, default 20' },
  { name: 'cursor', value: 'C', description: 'Goes on where the list before ended' },
  { name: 'json', description: 'Prints JSON' },
]

/** Where the API of the running node is, by the same settings that it started with. */
export async function apiOrigin(call: Call): Promise<string> {
  const { values } = await configOf(call)
  const host = values.apiHost.replace(/[[\]]/g, '')
  return `http://${host.includes(':') ? `[${host}]` : host}:${values.apiPort}`
}

/** `?limit=…&cursor=…` of a list, with further parameters. */
export function listQuery(call: Call, further: Readonly<Record<string, string | undefined>>) {
  const query = new URLSearchParams({ limit: String(call.own.limit ?? 20) })
  if (typeof call.own.cursor === 'string') query.set('cursor', call.own.cursor)
  for (const [name, value] of Object.entries(further)) if (value) query.set(name, value)
  return query
}

/** Prints a page as a table, or as JSON if `--json` is given. */
export function printPage<T>(
  call: Call,
  page: ApiPage<T>,
  columns: Readonly<Record<string, (item: T) => string>>,
): number {
  if (call.own.json) {
    console.log(JSON.stringify(page, null, 2))
    return 0
  }
  const cells = Object.values(columns)
  const rows = page.items.map((item) => cells.map((cell) => cell(item)))
  console.log(table(Object.keys(columns), rows))
  if (page.next !== null) console.log(`more: --cursor ${page.next}`)
  return 0
}

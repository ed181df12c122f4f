/** Asks a running node through its API. */

import { AppError } from '../base/app-error.ts'

/** How the API is asked, where that is not by GET. */
interface AskOptions {
  readonly method?: 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: object
  /** Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Asks one address of the API.
 *
 * @param origin - `http://127.0.0.1:4000`
 * @throws AppError `cli/no-node` if nothing answers, `cli/refused` with the API's own message
 */
export async function askApi<T>(
  origin: string,
  path: string,
  { method, body: sent, timeoutMs = 10_000 }: AskOptions = {},
): Promise<T> {
  let response: Response
  try {
    response = await fetch(`${origin}${path}`, {
      ...(method && { method }),
      ...(sent && {
        body: JSON.stringify(sent),
        headers: { 'content-type': 'application/json' },
      }),
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (cause) {
    const message = `no node answers at ${origin}; start one with "quantumstream start --dev", or name its port by --api-port`
    throw new AppError({ code: 'cli/no-node', message, cause, retry: 'later' })
  }
  if (response.status === 204) return undefined as T
  const body = (await response.json().catch(() => undefined)) as
    | (T & { error?: { message: string } })
    | undefined
  if (!response.ok || body === undefined) {
    const message = body?.error?.message ?? `${origin}${path} answered ${response.status}`
    throw new AppError({ code: 'cli/refused', message })
  }
  return body
}

/** One page of a list of the API. */
export interface ApiPage<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** Rows as a table with aligned columns; a list without rows says so. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '(none)'
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

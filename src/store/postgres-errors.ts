/** Tells what went wrong with a PostgreSQL server in words, with what to do. */

import { AppError, type Retry } from '../base/app-error.ts'

interface Told {
  readonly code: string
  readonly text: string
  readonly retry: Retry
}

/** By SQLSTATE (PostgreSQL's manual, appendix A) or the code of the socket; the first two signs stand for a class. */
const told: ReadonlyMap<string, Told> = new Map([
  ...['08', '57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].map(
    (code) => [code, unreachable()] as const,
  ),
  ...['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'].map(
    (code) => [code, unreachable()] as const,
  ),
  ['28', { code: 'store/access-denied', text: 'refuses the user or the password', retry: 'never' }],
  ['42501', { code: 'store/access-denied', text: 'denies the user a right', retry: 'never' }],
  [
    '3D000',
    { code: 'store/unknown-database', text: 'has no such database; create it', retry: 'never' },
  ],
  ['40', { code: 'store/conflict', text: 'met a conflict of transactions', retry: 'now' }],
  ['57014', { code: 'store/timeout', text: 'took too long for a statement', retry: 'later' }],
  ['55P03', { code: 'store/timeout', text: 'waited too long for a lock', retry: 'later' }],
  ['53', { code: 'store/busy', text: 'has no room or connection left', retry: 'later' }],
  ['25006', { code: 'store/unreachable', text: 'can only be read at present', retry: 'later' }],
])

function unreachable(): Told {
  return { code: 'store/unreachable', text: 'cannot be reached', retry: 'later' }
}

/** What the driver says without a code when a connection breaks or none is to be had. */
const broken = /connection terminated|timeout exceeded|not queryable|connection error|read timeout/i

/** The error with the server and what to do, where the server is the reason; any other as it is. */
export function postgresError(server: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof AppError) return cause
  const sqlState = 'code' in cause ? String(cause.code) : ''
  const known =
    told.get(sqlState) ??
    told.get(sqlState.slice(0, 2)) ??
    (broken.test(cause.message) ? unreachable() : undefined)
  if (known === undefined) return cause
  const reason = cause.message === '' ? sqlState : cause.message
  const message = `${server} ${known.text} (${reason})`
  return new AppError({ code: known.code, message, cause, retry: known.retry })
}

/** Whether all that a failed transaction did is to be done again: a deadlock chose it as the victim. */
export function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === 'store/conflict'
}

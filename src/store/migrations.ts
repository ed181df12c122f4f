/** Applies what a database lacks of the program's list of migrations. */

import { createHash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import type { Migration, SqlSession } from './sql.ts'

/**
 * Applies the migrations that have not been applied yet, in the transaction of the session.
 *
 * @param name - the file or server, for people
 * @throws AppError `store/migration-differs`, `store/newer-database`
 */
export async function applyMigrations(
  name: string,
  session: SqlSession,
  migrations: readonly Migration[],
): Promise<void> {
  await session.run(
    'CREATE TABLE IF NOT EXISTS migrations (id TEXT PRIMARY KEY, checksum TEXT NOT NULL)',
  )
  const rows = await session.all('SELECT id, checksum FROM migrations ORDER BY id')
  const done = new Map(rows.map(({ id, checksum }) => [String(id), String(checksum)]))
  mustKnow(name, [...done.keys()], migrations)
  for (const { id, statements } of migrations) {
    const checksum = createHash('sha256').update(statements.join(';')).digest('hex')
    const before = done.get(id)
    if (before === checksum) continue
    if (before !== undefined) {
      const message = `${name} was made by another version of the program: migration ${id} differs`
      throw new AppError({ code: 'store/migration-differs', message })
    }
    for (const statement of statements) await session.run(statement)
    await session.run('INSERT INTO migrations VALUES (?, ?)', id, checksum)
    done.set(id, checksum)
  }
}

/** A newer program may count on what this one does not keep. */
function mustKnow(name: string, done: readonly string[], migrations: readonly Migration[]): void {
  const unknown = done.find((id) => migrations.every((migration) => migration.id !== id))
  if (unknown === undefined) return
  const message = `${name} was made by a newer version of the program (migration ${unknown}); run that version, or choose another database`
  throw new AppError({ code: 'store/newer-database', message, data: { migration: unknown } })
}

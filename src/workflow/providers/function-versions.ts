/** Keeps versions of local functions in SQL, so that each process that works on the database has them. */

import { createHash } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { SqlRow, SqlStore } from '../../store/sql.ts'
import type { FunctionManifest, FunctionSource, FunctionVersion } from '../functions.ts'

/** Versions that are kept of one function, and functions that there can be. */
const versionBounds = { versions: 10, functions: 1_000 }

/** A version that is called. */
export interface CurrentVersion {
  readonly name: string
  /** SHA-256 of manifest and files, 64 hex digits. */
  readonly version: string
  readonly manifest: FunctionManifest
  readonly atMs: number
}

/** SHA-256 of a manifest and the files in the order of their paths. */
function versionOf({ files, manifest }: FunctionSource): string {
  const hash = createHash('sha256')
  const part = (bytes: string | Uint8Array) =>
    hash.update(`${Buffer.byteLength(bytes)}:`).update(bytes)
  part(JSON.stringify(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1))))
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    part(path)
    part(content)
  }
  return hash.digest('hex')
}

/** The versions of all local functions. */
export class FunctionVersions {
  readonly #sql: SqlStore

  constructor(sql: SqlStore) {
    this.#sql = sql
  }

  /** The versions that are called, by name. */
  async current(): Promise<readonly CurrentVersion[]> {
    const rows = await this.#sql.all(
      'SELECT * FROM function_versions WHERE is_current = 1 ORDER BY name',
    )
    return rows.map(currentOf)
  }

  /** Newest first. */
  async of(name: string): Promise<readonly FunctionVersion[]> {
    const rows = await this.#sql.all(
      'SELECT * FROM function_versions WHERE name = ? ORDER BY seq DESC',
      name,
    )
    return rows.map((row) => ({
      version: String(row.version),
      atMs: Number(row.at_ms),
      bytes: Number(row.bytes),
      isCurrent: row.is_current === 1,
    }))
  }

  async files(name: string, version: string): Promise<ReadonlyMap<string, Uint8Array>> {
    const rows = await this.#sql.all(
      'SELECT path, content FROM function_files WHERE name = ? AND version = ?',
      ...[name, version],
    )
    return new Map(
      rows.map(({ path, content }) => [String(path), Buffer.from(String(content), 'base64')]),
    )
  }

  /**
   * Keeps a version and has it called; one that was kept before is called again. The oldest beyond the bound go.
   *
   * @throws AppError `workflow/bad-function` when there are too many functions
   */
  async put(name: string, source: FunctionSource, atMs: number): Promise<CurrentVersion> {
    const version = versionOf(source)
    const { files, manifest } = source
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0)
    await this.#sql.transaction(async (session) => {
      const count = await session.get(
        'SELECT count(DISTINCT name) AS n FROM function_versions WHERE name <> ?',
        name,
      )
      if (Number(count?.n) >= versionBounds.functions) {
        const message = `there are ${versionBounds.functions} functions already; remove one first`
        throw new AppError({ code: 'workflow/bad-function', message })
      }
      await session.run('UPDATE function_versions SET is_current = 0 WHERE name = ?', name)
      const known = await session.run(
        'UPDATE function_versions SET is_current = 1 WHERE name = ? AND version = ?',
        ...[name, version],
      )
      if (known > 0) return
      await session.run(
        `INSERT INTO function_versions (name, version, manifest, bytes, at_ms, is_current)
          VALUES (?, ?, ?, ?, ?, 1)`,
        ...[name, version, JSON.stringify(manifest), bytes, atMs],
      )
      for (const [path, content] of files) {
        await session.run(
          'INSERT INTO function_files (name, version, path, content) VALUES (?, ?, ?, ?)',
          ...[name, version, path, Buffer.from(content).toString('base64')],
        )
      }
      const old = await session.all(
        `SELECT version FROM function_versions WHERE name = ? AND is_current = 0
          ORDER BY seq DESC LIMIT 1000 OFFSET ?`,
        ...[name, versionBounds.versions - 1],
      )
      for (const row of old) {
        for (const table of ['function_versions', 'function_files']) {
          await session.run(
            `DELETE FROM ${table} WHERE name = ? AND version = ?`,
            ...[name, String(row.version)],
          )
        }
      }
    })
    return { name, version, manifest, atMs }
  }

  /** Has a kept version called; gives whether there is one. */
  activate(name: string, version: string): Promise<boolean> {
    return this.#sql.transaction(async (session) => {
      const found = await session.get(
        'SELECT seq FROM function_versions WHERE name = ? AND version = ?',
        ...[name, version],
      )
      if (found === undefined) return false
      await session.run('UPDATE function_versions SET is_current = 0 WHERE name = ?', name)
      await session.run(
        'UPDATE function_versions SET is_current = 1 WHERE name = ? AND version = ?',
        ...[name, version],
      )
      return true
    })
  }

  /** Gives whether there was one. */
  remove(name: string): Promise<boolean> {
    return this.#sql.transaction(async (session) => {
      await session.run('DELETE FROM function_files WHERE name = ?', name)
      return (await session.run('DELETE FROM function_versions WHERE name = ?', name)) > 0
    })
  }
}

function currentOf(row: SqlRow): CurrentVersion {
  return {
    name: String(row.name),
    version: String(row.version),
    manifest: JSON.parse(String(row.manifest)) as FunctionManifest,
    atMs: Number(row.at_ms),
  }
}

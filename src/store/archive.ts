/** Moves rows that nobody needs at hand out of their tables: into compressed files, each piece once, or away. */

import { createHash, randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { AppError } from '../base/app-error.ts'
import { createFolder, syncFolder } from './durable-folder.ts'
import type { Migration, SqlSession, SqlStore } from './sql.ts'

const [zip, unzip] = [promisify(gzip), promisify(gunzip)]
/** Largest piece once it is unpacked. */
const maxPieceBytes = 256 * 1024 * 1024

/** How far each file is committed, and where each piece lies. */
export const archiveMigrations: readonly Migration[] = [
  {
    id: 'store/001-archive',
    statements: [
      `CREATE TABLE archive_files (
        folder TEXT NOT NULL,
        file TEXT NOT NULL,
        bytes BIGINT NOT NULL,
        PRIMARY KEY (folder, file)
      )`,
      `CREATE TABLE archive_pieces (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        folder TEXT NOT NULL,
        file TEXT NOT NULL,
        begins BIGINT NOT NULL,
        bytes BIGINT NOT NULL,
        sha256 TEXT NOT NULL
      )`,
    ],
  },
]

/** What is moved at once. */
export interface Move<T> {
  /** Of the file, such as `instances-2026-11-26`; `.jsonl.gz` is added. */
  readonly file: string
  /** What is to be moved; nothing where there is none. */
  find(session: SqlSession): Promise<T | undefined>
  /** A line for each, without its end. */
  lines(found: T): readonly string[]
  /**
   * Takes the rows away, in a transaction, where they are as they were found; the piece is `null` where nothing is kept.
   *
   * @throws whatever is to leave them where they are
   */
  remove(session: SqlSession, found: T, piece: number | null): Promise<void>
}

/** Where rows go. */
export interface Archive {
  /** Moves one piece; whether there was one. Crashed at any instant, it has been moved once, or not at all. */
  move<T>(move: Move<T>): Promise<boolean>
  /** Lines of a piece. @throws AppError `store/archived-elsewhere`, `store/damaged-archive` */
  read(piece: number): Promise<readonly string[]>
}

/**
 * An archive over a database with `archiveMigrations`.
 *
 * @param folder - of the files; without it what is moved is gone
 */
export function createArchive(sql: SqlStore, folder: string | undefined): Archive {
  const files = folder === undefined ? undefined : new ArchiveFolder(folder)
  const moveOne = async <T>(
    move: Move<T>,
    session: SqlSession,
    commit: (work: (session: SqlSession) => Promise<void>) => Promise<void>,
  ) => {
    const found = await move.find(session)
    if (found === undefined) return false
    const piece = await files?.append(session, `${move.file}.jsonl.gz`, move.lines(found))
    await commit(async (within) => {
      const seq = piece === undefined ? null : await noted(within, piece)
      await move.remove(within, found, seq)
    })
    return true
  }
  return {
    move: (move) =>
      sql.dialect === 'postgres'
        ? sql.transaction((session) => moveOne(move, session, (work) => work(session)), {
            alone: 'archive',
          })
        : // The one writer of the file is not held up while a piece is compressed.
          moveOne(move, sql, (work) => sql.transaction(work)),
    async read(seq) {
      const row = await sql.get('SELECT * FROM archive_pieces WHERE seq = ?', seq)
      if (row === undefined) {
        throw new AppError({ code: 'store/no-piece', message: `the archive has no piece ${seq}` })
      }
      const { folder: id, file, sha256 } = row
      const piece = { folder: String(id), file: String(file), sha256: String(sha256) }
      const place = { begins: Number(row.begins), bytes: Number(row.bytes) }
      if (files !== undefined) return files.read({ ...piece, ...place })
      const message = `${file} lies in an archive, and no folder of one is set`
      throw new AppError({ code: 'store/archived-elsewhere', message })
    },
  }
}

/** A piece in a file. */
interface Piece {
  readonly folder: string
  readonly file: string
  readonly begins: number
  readonly bytes: number
  /** Of the compressed bytes. */
  readonly sha256: string
}

/** Notes a piece; nobody else may have written to the file since. */
async function noted(session: SqlSession, piece: Piece): Promise<number> {
  const { folder, file, begins, bytes, sha256 } = piece
  const changed = await session.run(
    `INSERT INTO archive_files (folder, file, bytes) VALUES (?, ?, ?) ON CONFLICT (folder, file) DO UPDATE
      SET bytes = excluded.bytes WHERE archive_files.bytes = ?`,
    ...[folder, file, begins + bytes, begins],
  )
  if (changed !== 1) {
    const message = `${file} was written to by another program meanwhile`
    throw new AppError({ code: 'store/conflict', message, retry: 'now' })
  }
  const [row] = await session.all(
    'INSERT INTO archive_pieces (folder, file, begins, bytes, sha256) VALUES (?, ?, ?, ?, ?) RETURNING seq',
    ...[folder, file, begins, bytes, sha256],
  )
  return Number(row?.seq)
}

class ArchiveFolder {
  readonly #folder: string
  #id: string | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Puts a piece behind what is committed of a file; what a crash left behind that is cut off. */
  async append(session: SqlSession, file: string, lines: readonly string[]): Promise<Piece> {
    const folder = await this.#identity()
    const row = await session.get(
      'SELECT bytes FROM archive_files WHERE folder = ? AND file = ?',
      ...[folder, file],
    )
    const begins = Number(row?.bytes ?? 0)
    const data = await zip(lines.map((line) => `${line}\n`).join(''))
    const name = path.join(this.#folder, file)
    const handle = await open(name, begins === 0 ? 'w' : 'r+').catch((cause: unknown) => {
      throw damaged(file, `it cannot be opened: ${String(cause)}`)
    })
    try {
      if ((await handle.stat()).size < begins) throw damaged(file, 'it has become shorter')
      await handle.truncate(begins)
      await handle.write(data, 0, data.length, begins)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (begins === 0) await syncFolder(this.#folder)
    return { folder, file, begins, bytes: data.length, sha256: digest(data) }
  }

  async read({ folder, file, begins, bytes, sha256 }: Piece): Promise<readonly string[]> {
    if (folder !== (await this.#identity())) {
      const message = `${file} lies in another archive (${folder}) than the one that is set`
      throw new AppError({ code: 'store/archived-elsewhere', message })
    }
    const data = Buffer.alloc(bytes)
    const handle = await open(path.join(this.#folder, file)).catch((cause: unknown) => {
      throw damaged(file, `it cannot be opened: ${String(cause)}`)
    })
    try {
      await handle.read(data, 0, bytes, begins)
    } finally {
      await handle.close()
    }
    if (digest(data) !== sha256) throw damaged(file, `the piece at byte ${begins} has changed`)
    const text = (await unzip(data, { maxOutputLength: maxPieceBytes })).toString()
    return text.split('\n').slice(0, -1)
  }

  /** What tells this folder from others of the same path. */
  async #identity(): Promise<string> {
    if (this.#id !== undefined) return this.#id
    await createFolder(this.#folder)
    const handle = await open(path.join(this.#folder, 'archive-id'), 'a+')
    try {
      const before = (await handle.readFile('utf8')).trim()
      this.#id = before === '' ? randomUUID() : before
      if (before === '') {
        await handle.write(`${this.#id}\n`)
        await handle.sync()
      }
    } finally {
      await handle.close()
    }
    await syncFolder(this.#folder)
    return this.#id
  }
}

function digest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function damaged(file: string, what: string): AppError {
  const message = `the archive's file ${file} is damaged: ${what}; put it back from a backup, or set another folder`
  return new AppError({ code: 'store/damaged-archive', message })
}

/** Models the files of a machine: a write takes its time, fails when it is to, and a crash may come before it or after. */

import { AppError } from '../../../src/base/app-error.ts'
import { type BlockLog, type BlockLogOptions, firstPosition } from '../../../src/store/block-log.ts'
import type { NewestFile } from '../../../src/store/newest-file.ts'
import type { Chance } from '../../fuzz/chance.ts'

/** One life of a machine, from its start to its crash. */
export interface Life {
  readonly isOver: boolean
  /** Something is about to leave the process; false if it has ended by now. */
  acts(): boolean
  /** Runs later, unless the life is over by then. */
  after(ms: number, run: () => void): void
}

/** What a file holds for good, and what it will hold when the write under way is done. */
interface DurableFile<T> {
  held: T
  coming: T | undefined
}

interface StoredRecord {
  readonly position: number
  readonly payload: Uint8Array
}

type Records = readonly StoredRecord[]

/** Bytes around the payload of a record. */
const frameBytes = 20

/** The files of one machine; the guard belongs to the key, the others lie in the chain's folder. */
export class MachineDisk {
  readonly #logs = new Map<string, DurableFile<Records>>()
  readonly #guard: DurableFile<Uint8Array> = { held: new Uint8Array(), coming: undefined }
  readonly #values = new Map<string, DurableFile<Uint8Array>>()
  readonly #chance: Chance
  readonly #syncMs: number
  /** The next write fails. */
  isFailing = false

  constructor(chance: Chance, syncMs: number) {
    this.#chance = chance
    this.#syncMs = syncMs
  }

  /** What is in the guard's file for good. */
  get guard(): Uint8Array {
    return this.#guard.held
  }

  /** The records of a file that are there for good. */
  payloads(name: string): readonly Uint8Array[] {
    return this.#log(name).held.map(({ payload }) => payload)
  }

  /** Whatever was being written is there, or is not. */
  crash(): void {
    for (const file of this.#logs.values()) this.#settle(file)
    this.#settle(this.#guard)
    for (const file of this.#values.values()) this.#settle(file)
    this.isFailing = false
  }

  /** Loses a file of the chain's folder, or all of it. */
  lose(name?: string): void {
    if (name !== undefined) {
      this.#logs.delete(name)
      return
    }
    this.#logs.clear()
    this.#values.clear()
  }

  openLog(life: Life): (options: BlockLogOptions) => Promise<BlockLog> {
    return async ({ path, visit }) => {
      const file = this.#log(path.split('/').at(-1) ?? path)
      for (const { payload, position } of file.held) await visit(payload, position)
      return this.#logOver(file, life)
    }
  }

  openGuard(life: Life): () => Promise<NewestFile> {
    return async () => this.#newest(this.#guard, life)
  }

  /** Opens a file of the chain's folder that holds one value. */
  openNewest(life: Life): (name: string) => Promise<NewestFile> {
    return async (name) => {
      const file = this.#values.get(name) ?? { held: new Uint8Array(), coming: undefined }
      this.#values.set(name, file)
      return this.#newest(file, life)
    }
  }

  #newest(file: DurableFile<Uint8Array>, life: Life): NewestFile {
    const change = this.#changer(file, life)
    return {
      value: file.held,
      write: (value) => change(() => value.slice()),
      close: async () => {},
    }
  }

  #logOver(file: DurableFile<Records>, life: Life): BlockLog {
    const change = this.#changer(file, life)
    const end = () => endOf(file.held)
    const recordAt = (position: number) => {
      const record = file.held.find((one) => one.position === position)
      if (record === undefined) throw new Error(`there is no record at ${position}`)
      return record.payload
    }
    return {
      append: async (payload) => {
        let position = 0
        await change((held) => {
          position = endOf(held)
          return [...held, { position, payload: payload.slice() }]
        })
        return position
      },
      ...{ end, read: recordAt },
      behind: (position) => position + recordAt(position).length + frameBytes,
      cutTo: (position) => change((held) => held.filter((one) => one.position < position)),
      peek: (position, length) => recordAt(position).subarray(0, length),
      close: async () => {},
    }
  }

  /** Changes a file, one change after the other; none after one that failed. */
  #changer<T>(file: DurableFile<T>, life: Life): (next: (held: T) => T) => Promise<void> {
    let last: Promise<unknown> = Promise.resolve()
    let broken: AppError | undefined
    const write = (coming: T) =>
      new Promise<void>((resolve, reject) => {
        if (!life.acts()) return
        file.coming = coming
        const fails = this.isFailing
        life.after(this.#chance.below(this.#syncMs), () => {
          if (fails) {
            broken = new AppError({ code: 'store/write-failed', message: 'the disk failed' })
            this.#settle(file)
            reject(broken)
            return
          }
          file.held = coming
          file.coming = undefined
          resolve()
        })
      })
    return (next) => {
      const done = last.then(() => {
        if (broken) throw broken
        return write(next(file.held))
      })
      last = done.catch(() => {})
      return done
    }
  }

  #settle<T>(file: DurableFile<T>): void {
    if (file.coming !== undefined && this.#chance.oneIn(2)) file.held = file.coming
    file.coming = undefined
  }

  #log(name: string): DurableFile<Records> {
    const known = this.#logs.get(name) ?? { held: [], coming: undefined }
    this.#logs.set(name, known)
    return known
  }
}

function endOf(records: Records): number {
  const last = records.at(-1)
  return last ? last.position + last.payload.length + frameBytes : firstPosition
}

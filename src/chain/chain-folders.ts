/** Keeps the folders of the chains of a process: each is made and removed whole or not at all. */

import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { createFolder, syncFolder } from '../store/durable-folder.ts'
import { type KeptSettings, keepSettings } from './chain-settings.ts'
import type { Manifest } from './ledger/manifest.ts'
import { isChainName } from './ledger/manifest-codec.ts'
import type { Hash } from './ledger/transaction.ts'
import { keepManifest } from './stored-manifest.ts'

/** How the names of folders begin that are being made, and being removed; no chain's name does. */
const [making, removing] = ['.new-', '.old-']

/** Writes what a chain begins with into its folder; gives the chain's key. */
export async function layChain(
  folder: string,
  manifest: Manifest,
  settings: KeptSettings,
): Promise<Hash> {
  const { key } = await keepManifest(folder, manifest)
  await keepSettings(folder, settings)
  return key
}

/** The folder of all chains. */
export class ChainFolders {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Where a chain lies. */
  of(name: string): string {
    return path.join(this.folder, name)
  }

  /** Removes what a process left that was killed while it made or removed a chain; gives the names of such chains. */
  async repair(): Promise<readonly string[]> {
    const left = (await this.#entries()).filter((name) =>
      [making, removing].some((one) => name.startsWith(one)),
    )
    for (const name of left) await rm(this.of(name), { recursive: true, force: true })
    if (left.length > 0) await syncFolder(this.folder)
    return left.map((name) => name.slice(making.length))
  }

  /** Names of the chains that are here, in their order. */
  async names(): Promise<readonly string[]> {
    return (await this.#entries()).filter(isChainName).toSorted()
  }

  /**
   * Makes the folder of a new chain: nobody sees it before it is filled.
   *
   * @param fill - writes all that the chain begins with; each file must be on disk when it resolves
   * @throws AppError `chain/name-taken`, and what `fill` throws, after which nothing is left
   */
  async make(name: string, fill: (folder: string) => Promise<void>): Promise<void> {
    const draft = this.of(making + name)
    await rm(draft, { recursive: true, force: true })
    try {
      await createFolder(draft)
      await fill(draft)
      await syncFolder(draft)
      await rename(draft, this.of(name))
    } catch (cause) {
      await rm(draft, { recursive: true, force: true })
      const { code = '' } = cause as NodeJS.ErrnoException
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw cause
      const message = `${this.of(name)} is there already: choose another name, or move it away`
      throw new AppError({ code: 'chain/name-taken', message, cause })
    }
    await syncFolder(this.folder)
  }

  /** Removes a chain's folder with all that it holds. */
  async remove(name: string): Promise<void> {
    const gone = this.of(removing + name)
    await rm(gone, { recursive: true, force: true })
    await rename(this.of(name), gone)
    await syncFolder(this.folder)
    await rm(gone, { recursive: true, force: true })
    await syncFolder(this.folder)
  }

  async #entries(): Promise<readonly string[]> {
    try {
      return await readdir(this.folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
}

/** Lays the files of deployed versions out on the disk, where threads load them. */

import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The folder of all versions; what lies there is made anew by each process, since SQL has it. */
export class VersionFolder {
  readonly #folder: string
  readonly #ready = new Map<string, Promise<string>>()
  #cleared: Promise<void> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The folder of one version; its files are asked for when it is not there yet. */
  async of(
    { name, version }: { readonly name: string; readonly version: string },
    files: () => Promise<ReadonlyMap<string, Uint8Array>>,
  ): Promise<string> {
    const key = `${name}/${version}`
    const folder =
      this.#ready.get(key) ??
      this.#lay(key, files).catch((error) => {
        this.#ready.delete(key)
        throw error
      })
    this.#ready.set(key, folder)
    return folder
  }

  /** Forgets the versions of a function but those that are kept. */
  async keep(name: string, kept: readonly string[]): Promise<void> {
    for (const key of this.#ready.keys()) {
      const [of, version = ''] = key.split('/')
      if (of !== name || kept.includes(version)) continue
      this.#ready.delete(key)
      await rm(path.join(this.#folder, key), { recursive: true, force: true })
    }
  }

  async #lay(key: string, files: () => Promise<ReadonlyMap<string, Uint8Array>>): Promise<string> {
    this.#cleared ??= rm(this.#folder, { recursive: true, force: true })
    await this.#cleared
    const folder = path.join(this.#folder, key)
    const half = `${folder}.new`
    const contents = await files()
    for (const [name, content] of contents) {
      const file = path.join(half, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, content)
    }
    // Else Node takes the word of whatever package.json lies above the folder of data.
    if (!contents.has('package.json')) {
      await writeFile(path.join(half, 'package.json'), '{"type": "module"}')
    }
    await rename(half, folder)
    return folder
  }
}

/** Finds functions that lie in the folder of a workflow: `NAME.js` and the like, or a folder with `function.json`. */

import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { functionEndings, mainOf, manifestFile, readSource } from '../function-source.ts'
import { type FunctionManifest, functionName } from '../functions.ts'

/** A function as it lies there now. */
export interface FolderFunction {
  readonly name: string
  /** Changes with its file. */
  readonly file: string
  readonly manifest: FunctionManifest
  readonly atMs: number
}

/** Functions listed of one folder. */
const mostListed = 1_000

/** The functions of a folder; changes of their main file are seen at the next call. */
export class FolderFunctions {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async find(name: string): Promise<FolderFunction | undefined> {
    for (const ending of functionEndings) {
      const found = await this.#at(name, path.join(this.#folder, `${name}${ending}`), {})
      if (found !== undefined) return found
    }
    const folder = path.join(this.#folder, name)
    const isThere = await stat(path.join(folder, manifestFile)).catch(() => undefined)
    if (isThere === undefined) return undefined
    const source = await readSource(folder)
    return this.#at(name, path.join(folder, mainOf(source)), source.manifest)
  }

  async list(): Promise<readonly FolderFunction[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true }).catch(() => [])
    const names = entries
      .filter(({ name }) => functionEndings.includes(path.extname(name)) || !name.includes('.'))
      .map(({ name }) => path.parse(name).name)
      .filter((name) => functionName.test(name))
    const found = [...new Set(names)].slice(0, mostListed).map((name) => this.find(name))
    return (await Promise.all(found)).filter((one) => one !== undefined)
  }

  async #at(
    name: string,
    file: string,
    manifest: FunctionManifest,
  ): Promise<FolderFunction | undefined> {
    const found = await stat(file).catch(() => undefined)
    if (!found?.isFile()) return undefined
    const { mtimeMs, size } = found
    const address = `${pathToFileURL(file).href}?v=${mtimeMs}-${size}`
    return { name, file: address, manifest, atMs: Math.round(mtimeMs) }
  }
}

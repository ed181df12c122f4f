/** Creates folders, names in them and small files so that they are still there after the power fails. */

import { mkdir, open, rename, stat } from 'node:fs/promises'
import path from 'node:path'

/** Creates a folder and those above it that are not there yet. */
export async function createFolder(folder: string): Promise<void> {
  // Not by `recursive`, which never ends where a parent that is there says that it is not, as in /proc.
  const missing: string[] = []
  let at = path.resolve(folder)
  while (!(await isThere(at))) {
    missing.unshift(at)
    at = path.dirname(at)
  }
  for (const one of missing) {
    await mkdir(one).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  // From the deepest up to the one that was there before, which holds the name of the first.
  if (missing.length > 0) for (const one of [...missing.toReversed(), at]) await syncFolder(one)
}

/** Whether a folder is there. @throws Error if something else is */
async function isThere(folder: string): Promise<boolean> {
  try {
    if ((await stat(folder)).isDirectory()) return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  throw new Error(`${folder} is a file, not a folder`)
}

/** Resolves when the names that a folder holds are on disk: syncing a file alone does not keep its name. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file, whole or not at all, in place of what lies there. */
export async function writeWholeFile(file: string, bytes: Uint8Array): Promise<void> {
  const draft = await open(`${file}.new`, 'w')
  try {
    await draft.writeFile(bytes)
    await draft.sync()
  } finally {
    await draft.close()
  }
  await rename(`${file}.new`, file)
  await syncFolder(path.dirname(file))
}

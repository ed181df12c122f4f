/** Creates folders and names in them so that they are still there after the power fails. */

import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'

/** Creates a folder and those above it that are not there yet. */
export async function createFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  const top = path.dirname(path.resolve(first))
  let at = path.resolve(folder)
  await syncFolder(at)
  while (at !== top) {
    at = path.dirname(at)
    await syncFolder(at)
  }
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

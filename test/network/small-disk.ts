/** Gives a validator a disk of its own that a test can fill: a file system in memory, where the machine allows it. */

import { execFile } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const chunk = new Uint8Array(1024 * 1024)

/** A small file system. */
export interface SmallDisk {
  /** Leaves not a byte. */
  fill(): Promise<void>
  /** Gives all of it back. */
  free(): Promise<void>
  remove(): Promise<void>
}

/** Whether this machine lets a test have one: root on Linux, outside most containers. */
export async function canMount(folder: string): Promise<boolean> {
  const place = path.join(folder, 'mount-try')
  const disk = await mountSmallDisk(place, 1).catch(() => undefined)
  await disk?.remove()
  return disk !== undefined
}

/** @throws Error when the machine does not allow it */
export async function mountSmallDisk(folder: string, mebibytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true })
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder])
  const ballast = path.join(folder, 'ballast')
  return {
    async fill() {
      const file = await open(ballast, 'a')
      try {
        for (let size = chunk.length; size > 0; ) {
          const wrote = await file.write(chunk, 0, size).then(
            ({ bytesWritten }) => bytesWritten === size,
            () => false,
          )
          if (!wrote) size = Math.floor(size / 2)
        }
      } finally {
        await file.close()
      }
    },
    free: () => rm(ballast, { force: true }),
    async remove() {
      await run('umount', ['--lazy', folder])
    },
  }
}

/** Reads what the kernel knows of a process: its time and its memory (Linux). */

import { readdir, readFile, writeFile } from 'node:fs/promises'

/** Time on a processor of all threads so far, which the kernel counts in nanoseconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    threads.map(async (thread) => {
      const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')
      return Number(text.split(' ')[0])
    }),
  )
  return times.reduce((sum, time) => sum + time, 0) / 1e9
}

/** The most memory that a process had since its peak was forgotten. */
export async function peakMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+)/.exec(text)?.[1]) / 1_024
}

/** Lets the peak of memory begin anew. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}

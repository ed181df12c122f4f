/** Measures by CPU time, in turns, and prints tables of medians. */

import { cpus, loadavg } from 'node:os'

/** CPU seconds of this process so far, all threads, user and system. */
function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** CPU seconds that something took. */
export async function timed(run: () => Promise<unknown> | unknown): Promise<number> {
  const before = ownCpu()
  await run()
  return ownCpu() - before
}

/** Milliseconds of a processor that this thread had so far: what else the machine does does not count. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Median, least and most. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (place: number) => sorted[Math.round(place)] ?? Number.NaN
  const last = sorted.length - 1
  const median = (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2
  return { median, least: at(0), most: at(last) }
}

/** The value that this share of them is at most: 0.99 for p99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** `runs` rounds in which each measurement has its turn, so that a slow spell of the machine meets all of them. */
export async function inTurns<Name extends string>(
  runs: number,
  measurements: Readonly<Partial<Record<Name, () => Promise<number>>>>,
): Promise<ReadonlyMap<Name, readonly number[]>> {
  const found = new Map<Name, number[]>()
  for (let run = 0; run < runs; run += 1) {
    const names = Object.keys(measurements) as Name[]
    for (const name of run % 2 === 0 ? names : names.reverse()) {
      const value = await measurements[name]?.()
      if (value !== undefined) found.set(name, [...(found.get(name) ?? []), value])
    }
  }
  return found
}

/** Ratio of two measurements, turn by turn. */
export function ratio(above: readonly number[] = [], below: readonly number[] = []): Spread {
  return spreadOf(above.map((value, at) => value / (below[at] ?? Number.NaN)))
}

/** `1.73 (1.65–1.93)`, or nothing for what was not measured. */
export function spreadText({ median, least, most }: Spread, digits = 2): string {
  if (Number.isNaN(median)) return '–'
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** What the machine is, and how busy: figures of a busy one are only ratios. */
export function machineText(): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')
  return `${cpus().length} × ${model}, Node ${process.version}, load ${load}`
}

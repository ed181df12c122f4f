/** Measures how long four validators need from a signed proposal to the block on all disks, beside the same number of fsyncs. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../src/base/test-ports.ts'
import { manifestToJson } from '../src/chain/ledger/manifest-codec.ts'
import type { SignatureScheme } from '../src/crypto/signatures.ts'
import { foundersOf, testnetManifest } from '../tools/testnet-manifest.ts'
import type { CommitNews, CommitNodeOptions } from './commit-node.ts'
import { percentile, spreadOf, spreadText, table } from './measure.ts'

const count = 4
/** Blocks that are measured of a run, after some that are not; rounds of bare fsyncs. */
const [measured, before, bareRounds] = [25, 5, 60]
const schemes = ['ml-dsa-65', 'ed25519'] as const

/** Of one run. */
interface Found {
  readonly commitMs: readonly number[]
  readonly bareMs: readonly number[]
  /** Of a block and node. */
  readonly syncs: number
}

async function run(scheme: SignatureScheme): Promise<Found> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-commit-'))
  const seeds = Array.from({ length: count }, (_, at) => new Uint8Array(32).fill(at + 1))
  const time = Math.floor(Date.now() / 1_000)
  const manifest = manifestToJson(testnetManifest('bft', foundersOf(scheme, seeds), time))
  const ports = await Promise.all(seeds.map(() => freePort()))
  const children = seeds.map(() => fork(path.join(import.meta.dirname, 'commit-node.ts')))
  try {
    const news = new NewsDesk(children)
    for (const [at, child] of children.entries()) {
      const options: CommitNodeOptions = {
        ...{ at, scheme, manifest, seed: [...(seeds[at] ?? [])], port: ports[at] ?? 0 },
        folder: path.join(folder, String(at)),
        peers: ports.filter((_, other) => other !== at).map((port) => `127.0.0.1:${port}`),
      }
      child.send(options)
    }
    const found = await news.blocks(before, before + measured)
    // The chain goes on meanwhile, but for the moments of its blocks the disk is as it was.
    for (const [at, child] of children.entries()) {
      child.send({ folder: path.join(folder, String(at)), rounds: bareRounds })
    }
    return { ...found, bareMs: await news.bare() }
  } finally {
    for (const child of children) {
      child.disconnect()
      await once(child, 'exit')
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Gathers what the validators tell. */
class NewsDesk {
  readonly #signed = new Map<string, number>()
  /** By height, when it was on each disk. */
  readonly #final = new Map<number, { readonly round: number; readonly atMs: number[] }>()
  readonly #bare: number[] = []
  #bareCount = 0
  readonly #syncs: { readonly height: number; readonly syncs: number }[] = []
  #look = () => {}

  constructor(children: readonly ChildProcess[]) {
    for (const child of children) child.on('message', (news: CommitNews) => this.#take(news))
  }

  async blocks(from: number, to: number): Promise<Omit<Found, 'bareMs'>> {
    await this.#until(() => this.#final.get(to)?.atMs.length === count)
    const commitMs = []
    for (let height = from + 1; height <= to; height += 1) {
      const { round = 0, atMs = [] } = this.#final.get(height) ?? {}
      const signedMs = this.#signed.get(`${height} ${round}`)
      if (signedMs !== undefined && atMs.length === count)
        commitMs.push(Math.max(...atMs) - signedMs)
    }
    const at = (height: number) =>
      this.#syncs.filter((one) => one.height === height).reduce((sum, { syncs }) => sum + syncs, 0)
    return { commitMs, syncs: (at(to) - at(from)) / (to - from) / count }
  }

  async bare(): Promise<readonly number[]> {
    await this.#until(() => this.#bareCount === count)
    return this.#bare
  }

  #take(news: CommitNews): void {
    if (news.kind === 'bare') {
      this.#bare.push(...news.ms)
      this.#bareCount += 1
    } else if (news.kind === 'signed') this.#signed.set(`${news.height} ${news.round}`, news.atMs)
    else if (news.kind === 'final') {
      const { height, round, atMs, syncs } = news
      const known = this.#final.get(height) ?? { round, atMs: [] }
      known.atMs.push(atMs)
      this.#final.set(height, known)
      this.#syncs.push({ height, syncs })
    }
    this.#look()
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (isSo()) resolve()
      }
      this.#look()
    })
  }
}

/** The table of docs/performance.md. */
export async function commitTable(runs: number): Promise<string> {
  const found = new Map<SignatureScheme, Found[]>()
  for (let turn = 0; turn < runs; turn += 1) {
    for (const scheme of turn % 2 === 0 ? schemes : schemes.toReversed()) {
      found.set(scheme, [...(found.get(scheme) ?? []), await run(scheme)])
    }
  }
  const rows = [...found].map(([scheme, all]) => {
    const [commit, bare] = [
      all.flatMap(({ commitMs }) => commitMs),
      all.flatMap(({ bareMs }) => bareMs),
    ]
    const ratios = all.map(
      ({ commitMs, bareMs }) => percentile(commitMs, 0.5) / percentile(bareMs, 0.5),
    )
    const text = (values: readonly number[]) =>
      `${percentile(values, 0.5).toFixed(1)} and ${percentile(values, 0.99).toFixed(1)}`
    const syncs = spreadOf(all.map((one) => one.syncs)).median.toFixed(1)
    return [
      scheme,
      String(commit.length),
      text(commit),
      text(bare),
      spreadText(spreadOf(ratios), 1),
      syncs,
    ]
  })
  return table(
    [
      'votes by',
      'blocks',
      'commit, ms: p50 and p99',
      'bare fsyncs, ms: p50 and p99',
      'ratio of p50',
      'fsyncs of a node and block',
    ],
    rows,
  )
}

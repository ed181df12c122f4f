/** Holds the chains of a process: makes, starts, stops and removes them while it runs. */

import { AppError } from '../base/app-error.ts'
import type { CopyHooks } from './chain-checkpoints.ts'
import { ChainFolders, layChain } from './chain-folders.ts'
import { copyBirthState, type ForkWish, forkManifest, parentAmong } from './chain-fork.ts'
import type { ValidatorOptions } from './chain-network.ts'
import type { ChainDependencies, DrivenChain } from './chain-parts.ts'
import { sameId, stopped } from './chain-refusals.ts'
import {
  type ChainSettings,
  type KeptSettings,
  keepSettings,
  optionsOf,
  readSettings,
} from './chain-settings.ts'
import {
  type ChainActivity,
  type ChainStatus,
  type Entry,
  fail,
  missing,
  mustNotBeFirst,
  restingEntry,
  statusOf,
  toldBirth,
} from './chain-status.ts'
import { createChain } from './create-chain.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Address } from './ledger/transaction.ts'
import { readStoredManifest } from './stored-manifest.ts'
import { CheckingThreads } from './txpool/checking-threads.ts'
import type { TrustedPlace } from './weak-subjectivity.ts'
/** Where the chains are, and what holds for each that does not say otherwise. */
export interface ChainSetOptions {
  /** Of all chains. */
  readonly folder: string
  readonly settings: ChainSettings
  /** Gets the tips. */
  readonly beneficiary: Address
  /** A block of the first chain that somebody vouches for. */
  readonly trust?: TrustedPlace | undefined
  /** Most chains, stopped ones counted. */
  readonly most: number
  /** The keys that this node may sign by on a chain. */
  readonly validatorsOf?: (manifest: Manifest) => readonly ValidatorOptions[]
}

/** Hears of chains that come and go. */
export interface ChainFollower {
  /** The chain is said to run when this resolves. */
  opened(chain: DrivenChain): Promise<void>
  /** The chain stops when this resolves. */
  closing(chain: DrivenChain): Promise<void>
}

/** How a chain begins. */
export interface BirthOptions {
  /** Settings that differ from those of the process. */
  readonly settings?: Partial<ChainSettings>
  /** Leaves it stopped. */
  readonly isStill?: boolean
}

/** The chains of one process. Changes of different chains run side by side; of one chain, one at a time. */
export class ChainSet {
  readonly #options: ChainSetOptions
  readonly #folders: ChainFolders
  readonly #dependencies: ChainDependencies
  readonly #threads: CheckingThreads
  readonly #entries = new Map<string, Entry>()
  readonly #followers = new Set<ChainFollower>()
  readonly #work = new Set<Promise<unknown>>()
  #isOver = false

  constructor(options: ChainSetOptions, dependencies: ChainDependencies) {
    this.#options = options
    this.#folders = new ChainFolders(options.folder)
    this.#threads = dependencies.threads ?? new CheckingThreads(dependencies)
    this.#dependencies = { ...dependencies, threads: this.#threads }
  }

  /**
   * Removes what was left of chains that were being made or removed, opens the first chain, and reads what others there
   * are.
   *
   * @throws what opening a chain throws
   */
  async open(first: Manifest): Promise<DrivenChain> {
    const { logger } = this.#dependencies
    for (const name of await this.#folders.repair()) {
      logger.warn('a chain that was being made or removed is gone', { chain: name })
    }
    const { own } = await this.#settingsOf(first.name)
    const chain = await this.#create(first, own, this.#options.trust)
    const entry = { ...restingEntry(first.name), isFirst: true, birth: toldBirth(first), chain }
    this.#entries.set(first.name, { ...entry, activity: 'running' })
    for (const name of await this.#folders.names()) {
      if (name !== first.name) this.#entries.set(name, await this.#read(name))
    }
    await chain.start()
    return chain
  }

  /** Starts the other chains that ran when the process ended; one that fails keeps no other from running. Never rejects. */
  resume(): Promise<void> {
    return this.#track(async () => {
      for (const entry of this.#entries.values()) {
        if (entry.activity !== 'stopped' || this.#isOver) continue
        await this.#change(entry, 'starting', async () => {
          if ((await this.#settingsOf(entry.name)).isToRun) await this.#start(entry)
          else entry.activity = 'stopped'
        }).catch((error: unknown) => {
          const fields = { chain: entry.name, error: String(error) }
          this.#dependencies.logger.error('a chain does not start', fields)
        })
      }
    })
  }

  /** All chains, the first one first, the others by name. */
  list(): readonly ChainStatus[] {
    const order = (one: ChainStatus) => `${one.isFirst ? 0 : 1}${one.name}`
    return Array.from(this.#entries.values(), statusOf).toSorted((a, b) =>
      order(a) < order(b) ? -1 : 1,
    )
  }

  /** @throws AppError `chain/unknown` */
  get(name: string): ChainStatus {
    return statusOf(this.#entry(name))
  }

  /** Hears of chains that come and go from here on, and at once of those that are open. */
  async follow(follower: ChainFollower): Promise<void> {
    this.#followers.add(follower)
    for (const { chain } of this.#entries.values()) if (chain) await follower.opened(chain)
  }

  /**
   * Gives birth to a chain, and starts it. The state of one that names a parent is copied from it, which must run.
   *
   * @returns when it is on disk, and runs
   * @throws AppError `chain/name-taken`, `chain/id-taken`, `chain/too-many`, `chain/no-parent` and what copying a state
   * throws, after which nothing of it is left; and what opening a chain throws, after which it is there and `failed`
   */
  async bang(manifest: Manifest, options: BirthOptions = {}): Promise<void> {
    const { settings: own = {}, isStill = false } = options
    const { parent: place } = manifest
    const parent = place && parentAmong(this.#running(), place)
    const entry = this.#reserve(manifest)
    await this.#track(async () => {
      try {
        await this.#folders.make(manifest.name, async (folder) => {
          await layChain(folder, manifest, { isToRun: !isStill, own })
          if (parent) await copyBirthState(parent, manifest, { folder, ...this.#hooksOf(entry) })
        })
      } catch (error) {
        this.#entries.delete(entry.name)
        throw error
      }
      entry.activity = 'stopped'
      entry.portion = undefined
      if (!isStill) await this.#change(entry, 'starting', () => this.#start(entry))
    })
  }

  /**
   * Gives birth to a chain with the state after a block of another one, which must run.
   *
   * @throws AppError `chain/stopped`, `chain/no-block`, and as `bang` does
   */
  async fork(name: string, wish: ForkWish, options: BirthOptions = {}): Promise<void> {
    const { chain } = this.#entry(name)
    if (chain === undefined) throw stopped(name)
    await this.bang(forkManifest(chain, wish), options)
  }

  /** Starts a chain, and with the process from now on; nothing happens if it runs. @throws AppError `chain/busy`, … */
  async start(name: string): Promise<void> {
    const entry = this.#entry(name)
    if (statusOf(entry).activity === 'running') return
    mustNotBeFirst(entry, 'started again')
    this.#mustRest(entry)
    await this.#change(entry, 'starting', async () => {
      await this.#close(entry)
      await this.#keep(entry, true)
      await this.#start(entry)
    })
  }

  /** Stops a chain, which the process does not start again by itself. @throws AppError `chain/busy`, `chain/first` */
  async stop(name: string): Promise<void> {
    const entry = this.#entry(name)
    mustNotBeFirst(entry, 'stopped')
    if (entry.activity === 'stopped') return
    if (entry.activity !== 'running') this.#mustRest(entry)
    await this.#change(entry, 'stopping', async () => {
      await this.#close(entry)
      await this.#keep(entry, false)
      entry.activity = 'stopped'
    })
  }

  /** Removes a stopped chain with all its data. @throws AppError `chain/running`, `chain/busy`, `chain/first` */
  async remove(name: string): Promise<void> {
    const entry = this.#entry(name)
    mustNotBeFirst(entry, 'removed')
    if (statusOf(entry).activity === 'running') {
      const message = `the chain "${name}" runs; stop it before it is removed`
      throw new AppError({ code: 'chain/running', message })
    }
    this.#mustRest(entry)
    await this.#change(entry, 'removing', async () => {
      await this.#close(entry)
      await this.#folders.remove(name)
      this.#entries.delete(name)
    })
  }

  /** Ends all chains; those that ran are started again with the process. */
  async end(): Promise<void> {
    this.#isOver = true
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
    // The first one last: others stand on nothing of it, but whoever uses it may still.
    const chains = this.list().toReversed()
    for (const { name } of chains) await this.#close(this.#entry(name))
    await this.#threads.stop()
  }

  /** Takes a name and a chain id before anything is written. */
  #reserve(manifest: Manifest): Entry {
    this.#mustGoOn()
    const { name, chainId } = manifest
    const others = [...this.#entries.values()]
    const fault = (code: string, message: string) => new AppError({ code, message })
    if (this.#entries.has(name)) {
      throw fault('chain/name-taken', `there is a chain named "${name}"; choose another name`)
    }
    const twin = others.find(({ birth }) => birth?.chainId === chainId)
    if (twin) throw sameId(twin.name, chainId)
    if (others.length >= this.#options.most) {
      const message = `there are ${others.length} chains, which is the limit; remove one, or raise --max-chains`
      throw fault('chain/too-many', message)
    }
    const entry = {
      ...restingEntry(name),
      birth: toldBirth(manifest),
      activity: 'creating' as const,
    }
    this.#entries.set(name, entry)
    return entry
  }

  /** A chain of the disk, which is not open. */
  async #read(name: string): Promise<Entry> {
    const entry = restingEntry(name)
    try {
      const manifest = await readStoredManifest(this.#folders.of(name))
      if (manifest === undefined) throw missing(this.#folders.of(name))
      entry.birth = toldBirth(manifest)
    } catch (error) {
      fail(entry, error)
    }
    return entry
  }

  /** Does something with a chain; what goes wrong is what the chain fails by. */
  #change(entry: Entry, activity: ChainActivity, work: () => Promise<void>): Promise<void> {
    entry.activity = activity
    entry.problem = undefined
    return this.#track(async () => {
      try {
        await work()
      } catch (error) {
        await this.#close(entry)
        fail(entry, error)
        throw error
      }
    })
  }

  async #start(entry: Entry): Promise<void> {
    this.#mustGoOn()
    const { name } = entry
    const folder = this.#folders.of(name)
    const manifest = await readStoredManifest(folder)
    if (manifest === undefined) throw missing(folder)
    const chain = await this.#create(manifest, (await this.#settingsOf(name)).own)
    entry.chain = chain
    entry.birth = toldBirth(manifest)
    await chain.start()
    for (const follower of this.#followers) await follower.opened(chain)
    entry.activity = 'running'
  }

  #create(
    manifest: Manifest,
    own: Partial<ChainSettings>,
    trust?: TrustedPlace,
  ): Promise<DrivenChain> {
    const { folder, beneficiary, settings } = this.#options
    const validators = this.#options.validatorsOf?.(manifest) ?? []
    const options = { manifest, folder, beneficiary, ...optionsOf({ ...settings, ...own }) }
    return createChain({ ...options, validators, trust }, this.#dependencies)
  }

  /** Closes a chain if it is open; what goes wrong is logged, since the chain is over either way. */
  async #close(entry: Entry): Promise<void> {
    const { chain } = entry
    if (chain === undefined) return
    try {
      for (const follower of this.#followers) await follower.closing(chain)
      await chain.stop()
    } catch (error) {
      const fields = { chain: entry.name, error: String(error) }
      this.#dependencies.logger.error('a chain did not stop cleanly', fields)
    }
    entry.chain = undefined
  }

  *#running(): Generator<DrivenChain> {
    for (const { chain } of this.#entries.values()) if (chain) yield chain
  }

  #hooksOf(entry: Entry): CopyHooks {
    return {
      isCancelled: () => this.#isOver,
      tell: (portion) => {
        entry.portion = portion
      },
    }
  }

  #settingsOf(name: string): Promise<KeptSettings> {
    return readSettings(this.#folders.of(name))
  }

  async #keep(entry: Entry, isToRun: boolean): Promise<void> {
    const { own } = await this.#settingsOf(entry.name)
    await keepSettings(this.#folders.of(entry.name), { isToRun, own })
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry) return entry
    const message = `there is no chain named ${JSON.stringify(name.slice(0, 80))}`
    throw new AppError({ code: 'chain/unknown', message })
  }

  /** Nothing else may be under way with the chain. */
  #mustRest(entry: Entry): void {
    this.#mustGoOn()
    const { activity } = statusOf(entry)
    if (activity === 'stopped' || activity === 'failed') return
    const message = `the chain "${entry.name}" is ${activity}; ask again when it is not`
    throw new AppError({ code: 'chain/busy', message, retry: 'later' })
  }

  #mustGoOn(): void {
    if (!this.#isOver) return
    throw new AppError({ code: 'chain/over', message: 'the node stops' })
  }

  /** Work that the end waits for. */
  #track<T>(work: () => Promise<T>): Promise<T> {
    const done = work()
    this.#work.add(done)
    done.catch(() => {}).finally(() => this.#work.delete(done))
    return done
  }
}

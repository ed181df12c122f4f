/** Has each process know the definitions that others deploy, and tells of them. */

import type { Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Definitions } from './definitions.ts'

/** How often kept definitions are looked for that no notice told of. */
const everyMs = 10_000

interface WatchParts {
  readonly definitions: Definitions
  readonly timer: Timer
  readonly logger: Logger
}

/** The watch of one engine. */
export class DefinitionWatch {
  readonly #with: WatchParts
  readonly #watchers = new Set<() => void>()
  #isActive = false
  #cancel = () => {}

  constructor(parts: WatchParts) {
    this.#with = parts
  }

  /** Calls back after other definitions are deployed; gives what ends that. */
  add(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /** Others are deployed now. */
  tell(): void {
    for (const changed of this.#watchers) changed()
  }

  /** Takes up what is kept, and where others may deploy, goes on looking. */
  async start({ isShared }: { readonly isShared: boolean }): Promise<void> {
    await this.#load()
    this.#isActive = isShared
    if (isShared) this.#lookLater()
  }

  stop(): void {
    this.#isActive = false
    this.#cancel()
  }

  /** Looks at what is kept now; where others say that something is new, at what open instances go on by, too. */
  async look({ isTold = false } = {}): Promise<void> {
    try {
      const isOther = await this.#load()
      const isPinned = isTold && (await this.#with.definitions.pin())
      if (isOther || isPinned) this.tell()
    } catch (error) {
      this.#with.logger.warn('definitions were not looked for', { error: String(error) })
    }
  }

  async #load(): Promise<boolean> {
    const { definitions, logger } = this.#with
    const { failures, isOther } = await definitions.load()
    for (const { name, error } of failures) {
      logger.error('a workflow cannot be used', { workflow: name, error: String(error) })
    }
    return isOther
  }

  #lookLater(): void {
    this.#cancel = this.#with.timer.after(everyMs, async () => {
      await this.look()
      if (this.#isActive) this.#lookLater()
    })
  }
}

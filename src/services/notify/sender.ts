/** Sends what is due, tries again what may pass, and tells of each change. */

import { AppError } from '../../base/app-error.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Counter } from '../../base/metrics.ts'
import type { ChannelName, Notification } from '../notification.ts'
import type { Channel } from './channel.ts'
import type { DueLetter, Ending, NotificationOutbox } from './outbox.ts'

/** Letters looked at at once, and recipients served at a time. */
const [batchSize, mostAtOnce] = [100, 16]
/** Pause between two looks when nobody wakes the sender. */
const idleMs = 1_000
/** Pauses before a letter is tried again: doubled from the first to the last. */
const [firstPauseMs, longestPauseMs] = [1_000, 3_600_000]

/** What a sender works with. */
interface SenderDependencies {
  readonly outbox: NotificationOutbox
  readonly channels: ReadonlyMap<ChannelName, Channel>
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  /** Counts by channel and outcome: sent, later, dead, held. */
  readonly outcomes: Counter
  tell(notification: Notification): void
}

interface SenderOptions {
  /** To one recipient by one channel. */
  readonly perHour: number
  /** Until a letter is given up. */
  readonly attempts: number
}

/** Sends until it is stopped. */
export class NotificationSender {
  readonly #options: SenderOptions
  readonly #with: SenderDependencies
  #isActive = false
  #isWoken = false
  #wake = () => {}
  #loop: Promise<void> = Promise.resolve()
  /** What was told of new ones, by place; absent before the first look. */
  #told: number | undefined

  constructor(options: SenderOptions, dependencies: SenderDependencies) {
    this.#options = options
    this.#with = dependencies
  }

  async start(): Promise<void> {
    if (this.#isActive) return
    this.#told = await this.#with.outbox.end()
    this.#isActive = true
    this.#loop = this.#run()
  }

  wake(): void {
    this.#isWoken = true
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#isActive = false
    this.#wake()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (this.#isActive) {
      let isIdle = true
      try {
        this.#isWoken = false
        isIdle = await this.#look()
      } catch (error) {
        this.#with.logger.error('notifications failed', { error: String(error) })
      }
      if (isIdle && this.#isActive && !this.#isWoken) await this.#rest()
    }
  }

  /** Whether nothing was due. */
  async #look(): Promise<boolean> {
    const { outbox, clock } = this.#with
    await this.#tellNew()
    const letters = await outbox.due(clock.nowMs(), batchSize)
    const lines = new Map<string, DueLetter[]>()
    for (const letter of letters) {
      const key = `${letter.channel}\n${letter.to}`
      const line = lines.get(key)
      if (line) line.push(letter)
      else lines.set(key, [letter])
    }
    const waiting = lines.values()
    const worker = async () => {
      for (const line of waiting) for (const letter of line) await this.#deliver(letter)
    }
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, lines.size) }, worker))
    return letters.length === 0
  }

  async #tellNew(): Promise<void> {
    for (;;) {
      const { items, place } = await this.#with.outbox.after(this.#told ?? 0, batchSize)
      this.#told = place
      for (const item of items) this.#with.tell(item)
      if (items.length < batchSize) return
    }
  }

  async #deliver(letter: DueLetter): Promise<void> {
    if (!this.#isActive) return
    const { outbox, clock, outcomes } = this.#with
    const { channel } = letter
    if (await outbox.claim(letter, clock.nowMs(), this.#options.perHour)) {
      const ending = await this.#attempt(letter)
      await outbox.settle(letter, ending, clock.nowMs())
      const outcome = ending.state === 'waiting' ? 'later' : ending.state
      outcomes.add(1, { channel, outcome })
    } else outcomes.add(1, { channel, outcome: 'held' })
    const after = await outbox.get(letter.id)
    if (after) this.#with.tell(after)
  }

  async #attempt(letter: DueLetter): Promise<Ending> {
    const channel = this.#with.channels.get(letter.channel)
    try {
      if (channel === undefined) throw notSet(letter.channel)
      await channel.send(letter)
      return { state: 'sent' }
    } catch (error) {
      const {
        message: reason,
        retry,
        data,
      } = error instanceof AppError
        ? error
        : { message: String(error), retry: 'later' as const, data: {} as AppError['data'] }
      const attempts = letter.attempts + 1
      if (retry === 'never' || attempts >= this.#options.attempts) return { state: 'dead', reason }
      const usual = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(20, letter.attempts))
      const pauseMs = Math.max(usual, Number(data.retryAfterMs ?? 0))
      const done = Array.isArray(data.done) ? data.done.map(String) : letter.done
      return { state: 'waiting', reason, dueAtMs: this.#with.clock.nowMs() + pauseMs, done }
    }
  }

  async #rest(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#with.timer.after(idleMs, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
    this.#wake = () => {}
  }
}

function notSet(channel: ChannelName): AppError {
  const message = `the channel "${channel}" is not set up any more`
  return new AppError({ code: 'services/channel-not-set', message, retry: 'later' })
}

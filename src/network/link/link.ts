/** Sends and takes frames over one secure connection, within bounds, as long as the other end lives. */

import type { TLSSocket } from 'node:tls'
import { concatBytes } from '../../base/bytes.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Importance } from '../network.ts'
import { type Ending, type Farewell, farewellByte, farewellOf } from './farewell.ts'
import { encodeHead, type Frame, FrameDecoder, type FrameHead, frameTypes } from './frame.ts'
import { livenessOf, type Patience } from './liveness.ts'
import { type Outgoing, type QueueBounds, SendQueue } from './send-queue.ts'

/** What takes the frames of a link; which one it is changes when the greeting is over. */
export interface LinkHandler {
  /** Hears that the link is its own from now on. */
  opened?(): void
  /** The most bytes of a frame, of those that the link itself does not take. */
  limitOf(head: FrameHead): number | undefined
  /** Takes a frame; until the promise resolves, which never rejects, it counts as being checked. */
  receive(frame: Frame): void | Promise<void>
  /** Hears once that the link is over. */
  closed(ending: Ending): void
}

/** Bounds of a link. */
export interface LinkBounds extends Patience {
  readonly queue: QueueBounds
  /** Frames that are being checked at once, and their bytes; above it nothing is read. */
  readonly checks: QueueBounds
  /** The same of transactions, for which nothing else waits: above it the newest give way. */
  readonly relays: QueueBounds
}

/** Time and bounds. */
export interface LinkSurroundings {
  readonly clock: Clock
  readonly timer: Timer
  readonly bounds: LinkBounds
}

/** Kinds of channel 0 that the link itself takes. */
const controls = { goodbye: 1, ping: 2, pong: 3 } as const
/** Bytes that are encrypted at once: most of what a call costs is the call. */
const batchBytes = 64 * 1024
/** For a goodbye to leave. */
const partingMs = 1_000

const nothing = new Uint8Array()
/** A head on channel 0. */
export const linkHead = (kind: number, id = 0): FrameHead => ({
  ...{ channel: 0, kind, type: frameTypes.message, id },
})

export class Link {
  /** Hears that the socket is closed. */
  readonly ended: Promise<void>
  readonly #socket: TLSSocket
  readonly #around: LinkSurroundings
  readonly #queue: SendQueue
  readonly #decoder = new FrameDecoder((head) => this.#limitOf(head))
  #handler: LinkHandler
  #isOver = false
  #isFlushing = false
  /** Pieces that were taken from the queue and not yet written. */
  #outbox: readonly Uint8Array[] = []
  #checking = { messages: 0, bytes: 0 }
  readonly received = { messages: 0, bytes: 0 }
  readonly sent = { messages: 0, bytes: 0 }
  #receivedMs: number
  #tickedMs: number
  #pingedMs: number | undefined
  #frameBeganMs: number | undefined
  #stalledMs: number | undefined
  #roundTripMs: number | undefined
  #cancelTick: () => void

  constructor(socket: TLSSocket, handler: LinkHandler, around: LinkSurroundings) {
    this.#socket = socket
    this.#handler = handler
    this.#around = around
    this.#queue = new SendQueue(around.bounds.queue)
    this.#receivedMs = around.clock.nowMs()
    this.#tickedMs = this.#receivedMs
    this.#cancelTick = this.#nextTick()
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('drain', () => this.#flush())
    socket.on('error', () => {})
    socket.on('end', () => socket.destroy())
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#end({ reason: 'lost', isOurs: false })
        resolve()
      })
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /** What waits to be sent. */
  get waiting() {
    return { messages: this.#queue.length, bytes: this.#queue.bytes }
  }

  get dropped(): number {
    return this.#queue.dropped
  }

  /** Gives the frames that follow to another one. */
  handOver(handler: LinkHandler): void {
    this.#handler = handler
    handler.opened?.()
  }

  /** Sends a frame when its turn comes, until when its bytes must stay as they are; false if it was dropped. One that must not be dropped and has no room ends the link. */
  send(head: FrameHead, bytes: Uint8Array, importance: Importance): boolean {
    if (this.#isOver) return false
    const queued = this.#queue.push({ head: encodeHead(head, bytes.length), bytes }, importance)
    if (queued === 'full') this.close('slow')
    if (queued !== 'queued') return false
    if (!this.#isFlushing && this.#stalledMs === undefined) {
      this.#isFlushing = true
      setImmediate(() => this.#flush())
    }
    return true
  }

  /** Ends the link with a word of why. */
  close(reason: Farewell): void {
    if (this.#isOver) return
    this.#end({ reason, isOurs: true })
    const goodbye = { head: encodeHead(linkHead(controls.goodbye), 1), bytes: byteOf(reason) }
    const last = joined([...this.#queue.take(batchBytes), goodbye])
    this.#socket.end(concatBytes(...this.#outbox, last))
    // Whoever does not read must not keep the socket open.
    const cancel = this.#around.timer.after(partingMs, () => this.#socket.destroy())
    this.#socket.once('close', cancel)
  }

  #end(ending: Ending): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTick()
    this.#handler.closed(ending)
  }

  #limitOf(head: FrameHead): number | undefined {
    if (head.channel !== 0 || head.type !== frameTypes.message) return this.#handler.limitOf(head)
    if (head.kind === controls.ping || head.kind === controls.pong) return 0
    return head.kind === controls.goodbye ? 1 : this.#handler.limitOf(head)
  }

  #take(chunk: Uint8Array): void {
    const nowMs = this.#around.clock.nowMs()
    this.#receivedMs = nowMs
    this.received.bytes += chunk.length
    this.#decoder.push(chunk)
    let frame = this.#isOver ? undefined : this.#decoder.next()
    if (frame !== undefined) this.#frameBeganMs = undefined
    while (frame !== undefined) {
      this.received.messages += 1
      this.#handle(frame)
      frame = this.#isOver ? undefined : this.#decoder.next()
    }
    if (this.#decoder.fault !== undefined) this.close('bad-frame')
    this.#frameBeganMs = this.#decoder.isWithin ? (this.#frameBeganMs ?? nowMs) : undefined
  }

  #handle(frame: Frame): void {
    if (frame.channel === 0 && frame.type === frameTypes.message) {
      if (frame.kind === controls.ping) {
        this.send(linkHead(controls.pong, frame.id), nothing, 'own')
        return
      }
      if (frame.kind === controls.pong) {
        if (this.#pingedMs !== undefined) this.#roundTripMs = this.#receivedMs - this.#pingedMs
        this.#pingedMs = undefined
        return
      }
      if (frame.kind === controls.goodbye) {
        this.#end({ reason: farewellOf(frame.bytes[0]), isOurs: false })
        this.#socket.destroy()
        return
      }
    }
    const checked = this.#handler.receive(frame)
    if (checked !== undefined) this.#hold(frame.bytes.length, checked)
  }

  /** Reads nothing more while too much is being checked. */
  #hold(bytes: number, checked: Promise<void>): void {
    const checking = this.#checking
    const most = this.#around.bounds.checks
    const isFull = () => checking.messages >= most.messages || checking.bytes >= most.bytes
    checking.messages += 1
    checking.bytes += bytes
    if (isFull()) this.#socket.pause()
    checked.finally(() => {
      checking.messages -= 1
      checking.bytes -= bytes
      if (!this.#isOver && this.#socket.isPaused() && !isFull()) this.#socket.resume()
    })
  }

  #flush(): void {
    this.#isFlushing = false
    this.#stalledMs = undefined
    while (!this.#socket.destroyed && !this.#isOver) {
      const [piece, ...others] = this.#outbox.length > 0 ? this.#outbox : this.#nextPieces()
      if (piece === undefined) return
      this.#outbox = others
      this.sent.bytes += piece.length
      if (this.#socket.write(piece)) continue
      this.#stalledMs = this.#around.clock.nowMs()
      return
    }
  }

  /** What goes next, small frames together, a large one in pieces, so that each that leaves shows that the peer reads. */
  #nextPieces(): readonly Uint8Array[] {
    const frames = this.#queue.take(batchBytes)
    this.sent.messages += frames.length
    const all = joined(frames)
    const pieces: Uint8Array[] = []
    for (let at = 0; at < all.length; at += batchBytes)
      pieces.push(all.subarray(at, at + batchBytes))
    return pieces
  }

  /** After this side slept: what the other did meanwhile has not been read yet. */
  #wakeUp(nowMs: number): void {
    this.#receivedMs = nowMs
    if (this.#frameBeganMs !== undefined) this.#frameBeganMs = nowMs
    if (this.#stalledMs !== undefined) this.#stalledMs = nowMs
  }

  #nextTick(): () => void {
    const { timer, bounds } = this.#around
    return timer.after(Math.ceil(bounds.idleMs / 2), () => this.#tick())
  }

  #tick(): void {
    const { clock, bounds } = this.#around
    const nowMs = clock.nowMs()
    if (nowMs - this.#tickedMs > bounds.idleMs) this.#wakeUp(nowMs)
    this.#tickedMs = nowMs
    const todo = livenessOf(
      {
        ...{ receivedMs: this.#receivedMs, pingedMs: this.#pingedMs, stalledMs: this.#stalledMs },
        ...{ frameBeganMs: this.#frameBeganMs, isHeld: this.#socket.isPaused() },
      },
      bounds,
      nowMs,
    )
    this.#cancelTick = this.#nextTick()
    if (todo === undefined) return
    if (todo !== 'ping') {
      this.close(todo)
      return
    }
    this.#pingedMs = nowMs
    this.send(linkHead(controls.ping), nothing, 'own')
  }
}

function joined(frames: readonly Outgoing[]): Uint8Array {
  return concatBytes(...frames.flatMap(({ head, bytes }) => [head, bytes]))
}

function byteOf(reason: Farewell): Uint8Array {
  return Uint8Array.of(farewellByte(reason))
}

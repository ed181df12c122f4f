/** Cuts a stream of bytes into frames, and refuses one by its head before any room is made for what follows. */

/** Bytes before each message: length u32, channel u16, kind u8, type u8, id u32, big-endian. */
export const headBytes = 12

/** What a frame is: something said, something asked, what answers it, or that there is no answer. */
export const frameTypes = { message: 0, question: 1, answer: 2, refusal: 3 } as const
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes]

/** What stands before a message. */
export interface FrameHead {
  /** Number that the receiver gave to a chain; 0 is the link itself. */
  readonly channel: number
  readonly kind: number
  readonly type: FrameType
  /** Ties an answer to its question; 0 in a message. */
  readonly id: number
}

/** A message with its head. */
export interface Frame extends FrameHead {
  readonly bytes: Uint8Array
}

/** The most bytes that a frame may have, or `undefined` if it has no business here. */
export type FrameLimit = (head: FrameHead) => number | undefined

/** What goes before `length` bytes of a message. */
export function encodeHead(
  { channel, kind, type, id }: FrameHead,
  length: number,
): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, length)
  view.setUint16(4, channel)
  view.setUint8(6, kind)
  view.setUint8(7, type)
  view.setUint32(8, id)
  return head
}

const nothing = new Uint8Array()

/**
 * Reads frames from chunks of any size. It holds at most twice the bytes that came of the frame under way, whatever length
 * that claims.
 */
export class FrameDecoder {
  readonly #limitOf: FrameLimit
  #rest: Uint8Array = nothing
  /** The frame under way, when it does not lie in one chunk. */
  #part: Uint8Array = nothing
  #filled = 0
  #fault: string | undefined

  constructor(limitOf: FrameLimit) {
    this.#limitOf = limitOf
  }

  /** Why no frame comes any more. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Whether a frame has begun and not ended. */
  get isWithin(): boolean {
    return this.#filled > 0
  }

  /** Takes a chunk; all frames before it must have been read. */
  push(chunk: Uint8Array): void {
    // A buffer of Node's would share its memory with what is sliced from it.
    this.#rest = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
  }

  /** The next frame, whose bytes are its own; `undefined` when there is none yet, or a fault. */
  next(): Frame | undefined {
    if (this.#fault !== undefined) return undefined
    return this.#filled === 0 ? this.#whole() : this.#joined()
  }

  /** A frame that lies in the chunk. */
  #whole(): Frame | undefined {
    const rest = this.#rest
    if (rest.length < headBytes) return this.#joined()
    const head = this.#headOf(rest)
    if (head === undefined) return undefined
    const end = headBytes + head.length
    if (rest.length < end) return this.#joined()
    this.#rest = rest.subarray(end)
    return frameOf(head, rest.slice(headBytes, end))
  }

  /** A frame that several chunks make up. */
  #joined(): Frame | undefined {
    if (!this.#fill(headBytes)) return undefined
    const head = this.#headOf(this.#part)
    if (head === undefined) return undefined
    const end = headBytes + head.length
    if (!this.#fill(end)) return undefined
    const bytes = this.#part.subarray(headBytes, end)
    this.#part = nothing
    this.#filled = 0
    return frameOf(head, bytes)
  }

  /** Moves bytes over until there are so many. */
  #fill(need: number): boolean {
    const more = Math.min(need - this.#filled, this.#rest.length)
    if (more > 0) {
      const filled = this.#filled + more
      if (filled > this.#part.length) {
        const larger = new Uint8Array(Math.min(Math.max(2 * filled, headBytes), need))
        larger.set(this.#part.subarray(0, this.#filled))
        this.#part = larger
      }
      this.#part.set(this.#rest.subarray(0, more), this.#filled)
      this.#filled = filled
      this.#rest = this.#rest.subarray(more)
    }
    return this.#filled >= need
  }

  #headOf(bytes: Uint8Array): (FrameHead & { readonly length: number }) | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, headBytes)
    const [length, type] = [view.getUint32(0), view.getUint8(7)]
    const head = {
      ...{ length, type: type as FrameType, id: view.getUint32(8) },
      ...{ channel: view.getUint16(4), kind: view.getUint8(6) },
    }
    const limit = type <= frameTypes.refusal ? this.#limitOf(head) : undefined
    const name = `type ${type}, kind ${head.kind} on channel ${head.channel}`
    if (limit === undefined) this.#fault = `a frame of ${name} has no business here`
    else if (length > limit)
      this.#fault = `a frame of ${name} has ${length} bytes, over its limit of ${limit}`
    return this.#fault === undefined ? head : undefined
  }
}

function frameOf({ channel, kind, type, id }: FrameHead, bytes: Uint8Array): Frame {
  return { channel, kind, type, id, bytes }
}

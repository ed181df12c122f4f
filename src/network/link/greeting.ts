/** Lets both ends of a new link prove who they are, before anything else is heard. */

import type { AppError } from '../../base/app-error.ts'
import type { PeerId } from '../network.ts'
import { isLinkHello, peerIdOf, type Role } from '../node-identity.ts'
import type { Ending, Farewell } from './farewell.ts'
import { type Frame, type FrameHead, frameTypes } from './frame.ts'
import { decodeHello, type Hello, maxHelloBytes } from './hello.ts'
import { type Link, type LinkHandler, linkHead } from './link.ts'

/** Kind on channel 0. */
const helloKind = 0

/** Who is at the other end. */
export interface Greeted {
  readonly id: PeerId
  readonly hello: Hello
}

/** What a greeting needs. */
export interface GreetingOptions {
  readonly role: Role
  /** That of the link. */
  readonly exporter: Uint8Array
  /** Who the other end must be, if that is known. */
  readonly expected?: PeerId | undefined
  /** The encoding of what this node says of itself, signed for this link. */
  readonly ownHello: () => Uint8Array
  /** Takes the other end in, or says why not. */
  readonly admit: (greeted: Greeted) => LinkHandler | Farewell
  /** Hears that it failed. */
  readonly failed: (ending: Ending) => void
}

/**
 * Begins a greeting. The one that opened the link speaks first, so that the other signs nothing for whom it does not let in.
 */
export class Greeting implements LinkHandler {
  readonly #options: GreetingOptions
  #link: Link | undefined

  constructor(options: GreetingOptions) {
    this.#options = options
  }

  begin(link: Link): void {
    this.#link = link
    if (this.#options.role === 'dialler') this.#speak(link)
  }

  limitOf({ channel, kind, type }: FrameHead): number | undefined {
    const isHello = channel === 0 && kind === helloKind && type === frameTypes.message
    return isHello ? maxHelloBytes : undefined
  }

  receive({ bytes }: Frame): void {
    const link = this.#link as Link
    const greeted = this.#greeted(bytes)
    if (typeof greeted === 'string') {
      link.close(greeted)
      return
    }
    const admitted = this.#options.admit(greeted)
    // Also who has a link already hears whom it leads to.
    const isToSpeak = typeof admitted !== 'string' || admitted === 'duplicate'
    if (this.#options.role === 'listener' && isToSpeak) this.#speak(link)
    if (typeof admitted === 'string') {
      link.close(admitted)
      return
    }
    link.handOver(admitted)
  }

  closed(ending: Ending): void {
    this.#options.failed(ending)
  }

  #speak(link: Link): void {
    link.send(linkHead(helloKind), this.#options.ownHello(), 'own')
  }

  #greeted(bytes: Uint8Array): Greeted | Farewell {
    const { role, exporter, expected } = this.#options
    const hello = readHello(bytes)
    if (hello === undefined) return 'bad-frame'
    const id = peerIdOf(hello.node)
    if (expected !== undefined && id !== expected) return 'wrong-identity'
    const theirs = { role: role === 'dialler' ? 'listener' : 'dialler', exporter } as const
    return isLinkHello(hello.node, hello.node.signature, theirs) ? { id, hello } : 'wrong-identity'
  }
}

function readHello(bytes: Uint8Array): Hello | undefined {
  try {
    return decodeHello(bytes)
  } catch (error) {
    if ((error as AppError).name !== 'AppError') throw error
    return undefined
  }
}

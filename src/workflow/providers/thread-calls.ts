/** Describes what a thread of a function is started with, is asked and answers. */

import type { Json } from '../../base/json-rpc.ts'
import { type LogLine, maxFunctionBytes } from '../functions.ts'

/** A function as a thread runs it. */
export interface ThreadFunction {
  readonly name: string
  /** Address of the file whose default export is called; threads are shared by those of one address. */
  readonly file: string
  readonly network: boolean
  readonly memoryMb: number
  readonly timeoutMs: number
}

/** What a thread is started with. */
export interface ThreadTask extends Pick<ThreadFunction, 'file' | 'network'> {
  readonly maxLines: number
  readonly maxLogBytes: number
  readonly maxAnswerBytes: number
}

/** What a thread is asked. */
export interface ThreadCall {
  readonly payload: Json
  readonly context: {
    readonly idempotencyKey: string
    readonly deadlineMs: number
    readonly traceparent?: string
  }
}

/** What a thread answers. */
export type ThreadAnswer =
  | ({ readonly kind: 'log' } & LogLine)
  | { readonly kind: 'result'; readonly text: string }
  | { readonly kind: 'error'; readonly name: string; readonly message: string }
  | { readonly kind: 'no-json'; readonly message: string }
  | { readonly kind: 'too-long' }

/** Bounds of what one call writes. */
export const logBounds = { maxLines: 200, maxLogBytes: 16 * 1024, maxAnswerBytes: maxFunctionBytes }

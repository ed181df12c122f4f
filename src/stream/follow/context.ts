/** Names what the parts of a listener share. */

import type { Source } from '../source.ts'
import type { KeptBlocks } from './kept-blocks.ts'
import type { RangeWriter } from './range-writer.ts'

/** What the parts of a listener work with. */
export interface ListenerContext {
  readonly options: { readonly maxRange: number; readonly window: number }
  readonly source: Source
  readonly kept: KeptBlocks
  readonly writer: RangeWriter
}

/** Keeps what every change of the state replaced, so that a frame that fails can be undone. */

import { copy } from '../words/u256'
import { FULL_JOURNAL, full } from './capacity'
import { JOURNAL, JOURNAL_END } from './layout'

// A record: kind, place, and the old value from byte 16 on.
// @ts-ignore: decorator
@inline
const RECORD: usize = 48
// @ts-ignore: decorator
@inline
const WORD: u32 = 0
// @ts-ignore: decorator
@inline
const U32: u32 = 1
// @ts-ignore: decorator
@inline
const U64: u32 = 2

/** Where the next record goes; a frame keeps it as its mark. */
export let journalEnd: usize = JOURNAL

// @ts-ignore: decorator
@inline
function open(kind: u32, place: usize): usize {
  const record = journalEnd
  if (record == JOURNAL_END) full(FULL_JOURNAL)
  journalEnd = record + RECORD
  store<u32>(record, kind)
  store<u32>(record, u32(place), 4)
  return record
}

/** Notes the word at a place. */
export function noteWord(place: usize): void {
  copy(open(WORD, place) + 16, place)
}

/** Changes a number of 32 bits. */
export function change32(place: usize, value: u32): void {
  store<u32>(open(U32, place), load<u32>(place), 16)
  store<u32>(place, value)
}

/** Changes a number of 64 bits. */
export function change64(place: usize, value: u64): void {
  store<u64>(open(U64, place), load<u64>(place), 16)
  store<u64>(place, value)
}

/** Undoes what was changed since the mark. */
export function revertTo(mark: usize): void {
  let record = journalEnd
  while (record > mark) {
    record -= RECORD
    const kind = load<u32>(record)
    const place = usize(load<u32>(record, 4))
    if (kind == WORD) copy(place, record + 16)
    else if (kind == U32) store<u32>(place, load<u32>(record, 16))
    else store<u64>(place, load<u64>(record, 16))
  }
  journalEnd = mark
}

/** Forgets how to undo. */
export function forget(): void {
  journalEnd = JOURNAL
}

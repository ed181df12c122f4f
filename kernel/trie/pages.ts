/** Reads the leaves of subtrees that lie in a file; the caller outside reads the file. */

import { compareKeys } from './keys'
import { ACCOUNT_BODY, ACCOUNT_PAGE, SLOT_BODY } from './nodes'

/** Most leaves of a page. */
export const PAGE_LEAVES: u32 = 64
/** The records of the page that was read last, ordered by key. */
export const PAGE: usize = memory.data(64 * 112, 16)
/** A key below the page, its depth u32, the length u32 of its reference and the reference: 72 bytes. */
export const PAGE_HEAD: usize = memory.data(72, 16)

/** Writes the records of a page to `PAGE` and gives their length in bytes. */
// @ts-ignore: decorator
@external('host', 'readPage')
declare function hostReadPage(page: u32): u32

/** Writes the head of a page to `PAGE_HEAD`. */
// @ts-ignore: decorator
@external('host', 'readPageHead')
export declare function readPageHead(page: u32): void

/** Which of `count` pages from `first` on may hold a key; `first + count` if none. */
// @ts-ignore: decorator
@external('host', 'pageOf')
export declare function pageOf(first: u32, count: u32, key: usize): u32

const NONE: u32 = 0xffffffff
let held: u32 = NONE
let heldBytes: u32 = 0

export function readPage(page: u32): u32 {
  if (page != held) {
    held = NONE
    heldBytes = hostReadPage(page)
    held = page
  }
  return heldBytes
}

/** `PAGE` was used for something else. */
export function forgetPage(): void {
  held = NONE
}

/** The record of a key in a page, or 0. */
export function recordIn(page: u32, kind: u32, key: usize): usize {
  const body = kind == ACCOUNT_PAGE ? ACCOUNT_BODY : SLOT_BODY
  let low: usize = 0
  let high = <usize>readPage(page) / body
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareKeys(PAGE + middle * body, key)
    if (order == 0) return PAGE + middle * body
    if (order < 0) low = middle + 1
    else high = middle
  }
  return 0
}

/** Reads RLP item by item, within bounds (Yellow Paper, appendix B). */

let first: usize = 0
let last: usize = 0

/** What was read last: where its content lies, and whether that are items. */
export let itemStart: usize = 0
export let itemEnd: usize = 0
export let isList: bool = false

/** Items from here on lie between two places. */
export function begin(start: usize, end: usize): void {
  first = start
  last = end
}

/** Reads the item that begins at a place; false if it does not end within the bounds. */
export function readItem(at: usize): bool {
  if (at < first || at >= last) return false
  const prefix = <u32>load<u8>(at)
  isList = prefix >= 0xc0
  if (prefix < 0x80) {
    itemStart = at
    itemEnd = at + 1
    return true
  }
  const length = prefix - (isList ? 0xc0 : 0x80)
  if (length < 56) return within(at + 1, length)
  const size = <usize>(length - 55)
  if (size > 4 || at + 1 + size > last) return false
  let long: usize = 0
  for (let byte: usize = 0; byte < size; byte += 1) long = (long << 8) | load<u8>(at + 1 + byte)
  return within(at + 1 + size, long)
}

function within(start: usize, length: usize): bool {
  itemStart = start
  itemEnd = start + length
  return length <= last - start && start <= last
}

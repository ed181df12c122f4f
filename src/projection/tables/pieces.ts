/** Takes lists in pieces of few sizes, so that the statements made for them stay prepared. */

const sizes = [64, 8, 1]

/** Calls for each piece of a list, one after the other. */
export async function inPieces<T>(
  items: readonly T[],
  use: (some: readonly T[]) => Promise<unknown>,
): Promise<void> {
  let at = 0
  for (const size of sizes) {
    for (; items.length - at >= size; at += size) await use(items.slice(at, at + size))
  }
}

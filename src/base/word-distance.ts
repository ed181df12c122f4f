/** Tells how far apart two words are written, to find what somebody meant. */

/** Edits between two words: letters that are added, left out or changed; 9 for words whose lengths differ by over 2. */
export function wordDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 9
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, change))
    }
    row = next
  }
  return row.at(-1) ?? 9
}

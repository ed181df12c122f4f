/** Remembers the last of what comes in without end. */

/** Puts a value in as the newest, and lets the oldest go when there are more than `most`. */
export function remember<Key, Value>(
  recent: Map<Key, Value>,
  [key, value]: readonly [Key, Value],
  most: number,
): void {
  recent.delete(key)
  recent.set(key, value)
  if (recent.size > most) for (const oldest of recent.keys().take(1)) recent.delete(oldest)
}

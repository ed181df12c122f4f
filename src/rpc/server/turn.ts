/** Waits for the end of a turn of the event loop. */

let end: Promise<void> | undefined

/**
 * Resolves when everything that has come in by now is read; all who wait for it go on together.
 *
 * Answers that leave together wake a waiting client once, where each by itself would wake it again: that costs more than
 * a light call.
 */
export function endOfTurn(): Promise<void> {
  end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined
      resolve()
    })
  })
  return end
}

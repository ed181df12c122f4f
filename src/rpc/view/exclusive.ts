/** Runs pieces of work one after the other. */

/** Runs `work` when everything given before has ended. */
export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>

/** A new line to stand in. */
export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work, work)
    last = done.catch(() => undefined)
    return done
  }
}

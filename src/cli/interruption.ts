/** Turns Ctrl-C and SIGTERM into a signal that ends the work, and a second one into the end of the process. */

/** The exit code of what was interrupted. */
export const interrupted = 130

/** A signal sent to the whole group of processes may arrive twice: once directly, once passed on. */
const sameMs = 300

/** Aborts at the first interruption, after telling; another one ends the process at once. */
export function interruption(tell: () => void = () => {}): AbortSignal {
  const stop = new AbortController()
  let firstMs = 0
  const onSignal = () => {
    const nowMs = performance.now()
    if (!stop.signal.aborted) {
      firstMs = nowMs
      tell()
      stop.abort()
    } else if (nowMs - firstMs > sameMs) process.exit(interrupted)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal)
  return stop.signal
}

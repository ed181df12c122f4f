/** Turns Ctrl-C and SIGTERM into a signal that ends the work, and a second one into the end of the process. */

/** A signal sent to the whole group of processes may arrive twice: once directly, once passed on. */
const sameMs = 300

/** Aborts at the first interruption, after telling; another one ends the process at once with exit code 130. */
export function interruption(tell: () => void = () => {}): AbortSignal {
  const stop = new AbortController()
  let firstMs = 0
  const interrupted = () => {
    const nowMs = performance.now()
    if (!stop.signal.aborted) {
      firstMs = nowMs
      tell()
      stop.abort()
    } else if (nowMs - firstMs > sameMs) process.exit(130)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupted)
  return stop.signal
}

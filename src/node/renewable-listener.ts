/** Lets a listener hear of more events while it runs: another one takes its place, at the same checkpoint. */

import type { Listener } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'

/** A listener whose subscriptions can change. */
export interface RenewableListener extends Listener {
  /** Listens to these from now on; what lies before the checkpoint is not read again. */
  renew(subscriptions: readonly Subscription[]): Promise<void>
}

/** A listener to what `open` makes of the subscriptions. */
export function createRenewableListener(
  open: (subscriptions: readonly Subscription[]) => Listener,
  first: readonly Subscription[],
): RenewableListener {
  let current = open(first)
  let known = keyOf(first)
  let isStarted = false
  let before: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>) => {
    const done = before.then(work)
    before = done.catch(() => {})
    return done
  }
  return {
    status: () => current.status(),
    acknowledge: () => current.acknowledge(),
    start: () =>
      inTurn(async () => {
        isStarted = true
        await current.start()
      }),
    stop: () =>
      inTurn(async () => {
        isStarted = false
        await current.stop()
      }),
    renew: (subscriptions) =>
      inTurn(async () => {
        const key = keyOf(subscriptions)
        if (key === known) return
        const next = open(subscriptions)
        await current.stop()
        current = next
        known = key
        if (isStarted) await current.start()
      }),
  }
}

function keyOf(subscriptions: readonly Subscription[]): string {
  return JSON.stringify(subscriptions.map((one) => JSON.stringify(one)).sort())
}

/** Lets nobody wait for the answers of a source once it is left. */

import { AppError } from '../../base/app-error.ts'
import type { Source } from '../source.ts'

/** A source that stops waiting for answers when the signal says so. */
export function leavingSource(source: Source, signal: AbortSignal): Source {
  const leaving = <Result>(answer: () => Promise<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      const leave = () =>
        reject(new AppError({ code: 'stream/stopped', message: 'the listener was stopped' }))
      if (signal.aborted) {
        leave()
        return
      }
      signal.addEventListener('abort', leave, { once: true })
      answer()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', leave))
    })
  const { discover, blame, problem } = source
  return {
    type: source.type,
    get wantsHeaders() {
      return source.wantsHeaders
    },
    discoveries: source.discoveries,
    chainId: () => leaving(() => source.chainId()),
    head: () => leaving(() => source.head()),
    blocksAt: (numbers) => leaving(() => source.blocksAt(numbers)),
    blockByHash: (hash) => leaving(() => source.blockByHash(hash)),
    eventsIn: (span) => leaving(() => source.eventsIn(span)),
    eventsOf: (blocks) => leaving(() => source.eventsOf(blocks)),
    proven: (blocks, found) => leaving(() => source.proven(blocks, found)),
    ...(discover ? { discover: (span) => leaving(() => discover.call(source, span)) } : {}),
    subscribe: (look) => source.subscribe(look),
    ...(problem ? { problem: () => problem.call(source) } : {}),
    ...(blame ? { blame: (reason) => blame.call(source, reason) } : {}),
  }
}

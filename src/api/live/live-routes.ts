/** Streams the journal of one instance, and everything that happens, as server-sent events. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import {
  type InstanceChange,
  type InstanceDetail,
  isOpen,
  type JournalEntry,
} from '../../workflow/workflow.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { notFound } from '../routes/failures.ts'
import * as views from '../routes/views.ts'
import type { BlockWatch } from './block-watch.ts'
import type { EventStreams, StreamWriter } from './event-stream.ts'

/** Adds `/v1/instances/{id}/events` and `/v1/stream`. */
export function addLiveRoutes(
  app: OpenAPIHono,
  from: ApiDependencies,
  { streams, blocks }: { streams: EventStreams; blocks: BlockWatch },
): void {
  app.get('/v1/instances/:id/events', async (context) => {
    const id = context.req.param('id')
    const after = Number(context.req.header('last-event-id') ?? 0)
    // Listening begins before the journal is read, so that nothing falls between.
    const early: InstanceChange[] = []
    let hear = (change: InstanceChange): void => {
      early.push(change)
    }
    const unsubscribe = from.engine.subscribe((change) => {
      if (change.instance.id === id) hear(change)
    })
    try {
      const instance = await from.engine.get(id)
      if (instance === undefined) throw notFound(`instance "${id}"`)
      if (context.req.method === 'HEAD') unsubscribe()
      return streams.open(context.req.method, (writer) => {
        const read = () => from.engine.get(id)
        hear = journalWriter(writer, { instance, after, read })
        for (const change of early) hear(change)
        return unsubscribe
      })
    } catch (error) {
      unsubscribe()
      throw error
    }
  })

  app.get('/v1/stream', (context) =>
    streams.open(context.req.method, (writer) => {
      const ends = [
        blocks.subscribe(({ transactionHashes: _, ...block }) =>
          writer.send({ event: 'block', data: block }),
        ),
        from.events.subscribe((event) =>
          writer.send({ event: 'event', data: views.eventView({ ...event, life: [] }, []) }),
        ),
        from.engine.subscribe(({ instance, entry }) =>
          writer.send({ event: 'instance', data: changeView(instance, entry) }),
        ),
        from.notifications.subscribe((notification) =>
          writer.send({ event: 'notification', data: views.notificationView(notification) }),
        ),
      ]
      return () => {
        for (const end of ends) end()
      }
    }),
  )
}

function changeView(instance: InstanceChange['instance'], entry: JournalEntry) {
  return { instance: views.instanceView(instance), entry: views.entryView(entry) }
}

/**
 * Sends the journal so far, and then each new line once; ends with the instance. A line that was on its way to the disk when
 * listening began is told to nobody: where one is missing, and at the end, the journal is read again.
 */
function journalWriter(
  writer: StreamWriter,
  {
    instance,
    after,
    read,
  }: {
    readonly instance: InstanceDetail
    readonly after: number
    readonly read: () => Promise<InstanceDetail | undefined>
  },
): (change: InstanceChange) => void {
  let last = after
  const send = (of: InstanceChange['instance'], entry: JournalEntry) => {
    const data = changeView(of, entry)
    // What is told only has no place in the journal.
    if (entry.seq === 0) writer.send({ event: 'journal', data })
    if (entry.seq <= last) return
    last = entry.seq
    writer.send({ event: 'journal', id: String(entry.seq), data })
  }
  const sendAll = ({ journal, ...of }: InstanceDetail) => {
    for (const entry of journal) send(of, entry)
  }
  const finish = (of: InstanceChange['instance']) => {
    writer.send({ event: 'end', data: views.instanceView(of) })
    writer.end()
  }
  sendAll(instance)
  if (!isOpen(instance)) finish(instance)
  let before = Promise.resolve()
  const take = async ({ instance: changed, entry }: InstanceChange) => {
    const isLast = !isOpen(changed)
    if (isLast || entry.seq > last + 1) {
      const found = await read()
      if (found) sendAll(found)
    }
    send(changed, entry)
    if (isLast) finish(changed)
  }
  return (change) => {
    before = before.then(() => take(change)).catch(() => writer.end())
  }
}

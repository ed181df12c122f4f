/** Sends spans to collectors that answer late, refuse, or are away. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, systemTimer } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { derivedContext } from '../base/tracing.ts'
import { createOtlpTracer } from './otlp-tracer.ts'
import { createMetrics } from './prometheus-metrics.ts'

const spanOf = (name: string, isSampled = true) => ({
  context: { ...derivedContext(name), isSampled },
  ...{ name, kind: 'internal' as const, startMs: 1, endMs: 2, attributes: { n: 1 } },
})

/** A tracer whose collector gives these answers, then takes all. */
function tracerTo(answers: (() => Response | Promise<Response>)[]) {
  const taken: string[][] = []
  let isStopping = false
  const metrics = createMetrics()
  const waits: number[] = []
  const timer = {
    ...systemTimer,
    // Pauses are noted, and are over at once; what ends a stop is not.
    after: (ms: number, run: () => void) => {
      if (isStopping) return systemTimer.after(ms, run)
      waits.push(ms)
      return systemTimer.after(0, run)
    },
  }
  const tracer = createOtlpTracer(
    { endpoint: 'http://collector:4318/', headers: { 'x-key': 'k' }, resource: {} },
    {
      ...{ clock: systemClock, timer, logger: silentLogger, metrics },
      fetch: async (url, init) => {
        assert.equal(String(url), 'http://collector:4318/v1/traces')
        assert.equal(new Headers(init?.headers).get('x-key'), 'k')
        const answer = await answers.shift()?.()
        if (answer !== undefined && !answer.ok) return answer
        const { resourceSpans } = JSON.parse(String(init?.body))
        const { spans } = resourceSpans[0].scopeSpans[0]
        taken.push(spans.map(({ name }: { name: string }) => name))
        return answer ?? Response.json({})
      },
    },
  )
  const counted = async (outcome: string) => {
    const line = `quantumstream_trace_spans_total{outcome="${outcome}"} `
    const found = (await metrics.text()).split('\n').find((one) => one.startsWith(line))
    return Number(found?.slice(line.length) ?? 0)
  }
  const idle = async () => {
    const end = Date.now() + 5_000
    while (Date.now() < end && !(await metrics.text()).includes('spans_waiting 0'))
      await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const stop = () => {
    isStopping = true
    return tracer.stop()
  }
  return { tracer, stop, taken, counted, idle, waits }
}

test('spans go together, in their order; what is not sampled does not go', async () => {
  const { tracer, stop, taken, counted, idle } = tracerTo([])
  for (const name of ['a', 'b']) tracer.add(spanOf(name))
  tracer.add(spanOf('quiet', false))
  await idle()
  assert.deepEqual([taken, await counted('sent')], [[['a', 'b']], 2])
  await stop()
})

test('what may pass is tried again after a pause that grows, or that the collector asks for', async () => {
  const later = new Response(null, { status: 429, headers: { 'retry-after': '7' } })
  const { tracer, stop, taken, idle, waits } = tracerTo([
    () => Promise.reject(new TypeError('fetch failed')),
    () => new Response(null, { status: 503 }),
    () => later,
  ])
  tracer.add(spanOf('a'))
  await idle()
  assert.deepEqual(taken, [['a']])
  assert.deepEqual(waits, [500, 1_000, 2_000, 7_000])
  await stop()
})

test('what a collector refuses is counted and not sent again, in part or in whole', async () => {
  const { tracer, stop, taken, counted, idle } = tracerTo([
    () => new Response(null, { status: 400 }),
    () => Response.json({ partialSuccess: { rejectedSpans: '1', errorMessage: 'too old' } }),
  ])
  tracer.add(spanOf('a'))
  await idle()
  for (const name of ['b', 'c']) tracer.add(spanOf(name))
  await idle()
  assert.deepEqual(taken, [['b', 'c']])
  assert.deepEqual([await counted('rejected'), await counted('sent')], [2, 1])
  await stop()
})

test('while a collector is away, spans wait up to a bound; the rest is dropped and counted', async () => {
  const away = Promise.withResolvers<Response>()
  const { tracer, stop, taken, counted } = tracerTo([() => away.promise])
  for (let n = 0; n < 8_192 + 5; n += 1) tracer.add(spanOf(String(n)))
  assert.equal(await counted('dropped'), 5)
  away.resolve(Response.json({}))
  await stop()
  assert.equal(taken.flat().length, 8_192)
  tracer.add(spanOf('late'))
  assert.equal(await counted('dropped'), 6)
})

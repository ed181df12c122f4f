/** Counts and measures by prom-client, and gives the text that Prometheus reads. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics } from '../base/metrics.ts'

/** Measures of one node. */
export interface PrometheusMetrics extends Metrics {
  /** All measures in Prometheus's text format. */
  text(): Promise<string>
}

/** Makes an empty set of measures, beside those of the process itself. */
export function createMetrics(): PrometheusMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // Each chain asks for the same measures, by labels of its own.
  const made = new Map<string, unknown>()
  const once = <T>(name: string, make: () => T): T => {
    const known = made.get(name) as T | undefined
    if (known) return known
    const measure = make()
    made.set(name, measure)
    return measure
  }
  return {
    counter(name, help, labelNames = []) {
      const counter = once(name, () => new Counter({ name, help, labelNames, registers }))
      const child = childOf(labelNames, (labels) => counter.labels(labels))
      return { add: (count = 1, labels = {}) => child(labels).inc(count) }
    },
    gauge(name, help, labelNames = []) {
      const gauge = once(name, () => new Gauge({ name, help, labelNames, registers }))
      const child = childOf(labelNames, (labels) => gauge.labels(labels))
      return { set: (value, labels = {}) => child(labels).set(value) }
    },
    observed(name, help, labelNames, read) {
      const readers = once(name, () => {
        const all = new Set<typeof read>()
        const rest = { name, help, labelNames, registers }
        const values = () => readingsOf([...all])
        if (name.endsWith('_total')) {
          const counter: Counter<string> = new Counter({
            ...rest,
            async collect() {
              const now = await values()
              counter.reset()
              for (const { value, labels } of now) counter.inc(labels, value)
            },
          })
        } else {
          const gauge: Gauge<string> = new Gauge({
            ...rest,
            async collect() {
              const now = await values()
              gauge.reset()
              for (const { value, labels } of now) gauge.set(labels, value)
            },
          })
        }
        return all
      })
      readers.add(read)
      return () => void readers.delete(read)
    },
    histogram(name, help, buckets, labelNames = []) {
      const histogram = once(
        name,
        () => new Histogram({ name, help, buckets: [...buckets], labelNames, registers }),
      )
      const child = childOf(labelNames, (labels) => histogram.labels(labels))
      return { observe: (value, labels = {}) => child(labels).observe(value) }
    },
    text: () => registry.metrics(),
  }
}

/** What readers give; one that fails, as when its database is away, keeps no other from being told. */
async function readingsOf(readers: readonly Parameters<Metrics['observed']>[3][]) {
  const all = await Promise.allSettled(readers.map(async (read) => [...(await read())]))
  return all.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}

type Labels = Readonly<Record<string, string>>

/** Finds the child of a measure for labels by one look-up: the library checks and sorts them anew each time. */
function childOf<T>(names: readonly string[], make: (labels: Record<string, string>) => T) {
  const children = new Map<string, T>()
  return (labels: Labels): T => {
    const key = names.map((name) => labels[name]).join('\n')
    const known = children.get(key)
    if (known) return known
    const child = make({ ...labels })
    children.set(key, child)
    return child
  }
}

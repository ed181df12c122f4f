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
  return {
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames, registers })
      return { add: (count = 1, labels = {}) => counter.inc({ ...labels }, count) }
    },
    gauge(name, help, labelNames = []) {
      const gauge = new Gauge({ name, help, labelNames, registers })
      return { set: (value, labels = {}) => gauge.set({ ...labels }, value) }
    },
    histogram(name, help, buckets, labelNames = []) {
      const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames, registers })
      return { observe: (value, labels = {}) => histogram.observe({ ...labels }, value) }
    },
    text: () => registry.metrics(),
  }
}

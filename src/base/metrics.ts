/** Describes how the rooms count and measure. */

type Labels = Readonly<Record<string, string>>

/** A number that only grows. */
export interface Counter {
  add(count?: number, labels?: Labels): void
}

/** A number that is set. */
export interface Gauge {
  set(value: number, labels?: Labels): void
}

/** A distribution of observed values. */
export interface Histogram {
  observe(value: number, labels?: Labels): void
}

/** One value of a measure that is read. */
export interface Reading {
  readonly value: number
  readonly labels: Labels
}

/** Makes measures; names are `quantumstream_…` in snake case with the unit at the end. */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge
  /**
   * A number that is read when somebody looks, under all labels that it has then; one that ends in `_total` only grows.
   * What cannot be read at that moment has no value.
   *
   * @returns ends it
   */
  observed(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<Reading> | Promise<Iterable<Reading>>,
  ): () => void
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly string[],
  ): Histogram
}

const nothing = () => {}

/** Measures nothing. */
export const noMetrics: Metrics = {
  counter: () => ({ add: nothing }),
  gauge: () => ({ set: nothing }),
  observed: () => nothing,
  histogram: () => ({ observe: nothing }),
}

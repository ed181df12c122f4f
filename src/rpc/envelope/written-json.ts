/** Holds a large answer as something that can be written without making its values first. */

import type { Json } from '../../base/json-rpc.ts'

/** A JSON value, and how its text is made faster than by `JSON.stringify`. */
export class WrittenJson {
  readonly #values: () => Json
  readonly #text: () => string

  constructor(values: () => Json, text: () => string) {
    this.#values = values
    this.#text = text
  }

  values(): Json {
    return this.#values()
  }

  /** The same as `JSON.stringify(values())`. */
  text(): string {
    return this.#text()
  }
}

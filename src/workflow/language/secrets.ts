/** Keeps the secrets of a run in memory only, and takes them out of whatever is journaled. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'

/** Gives a secret by name; undefined where there is none, or the workflow may not see it. */
export type SecretSource = (name: string) => Promise<Json | undefined>

/** Shortest text that is looked for in what is journaled; shorter ones would be found everywhere. */
const shortestHidden = 4

/** The secrets that a workflow declares. */
export class Secrets {
  readonly #names: readonly string[]
  readonly #source: SecretSource
  #values: Record<string, Json> | undefined
  #hidden: [string, string][] = []

  constructor(names: readonly string[], source: SecretSource) {
    this.#names = names
    this.#source = source
  }

  /** Whether there is anything to hide. */
  get any(): boolean {
    return this.#names.length > 0
  }

  /** Gets the secrets, once a run. */
  async load(): Promise<void> {
    if (this.#values !== undefined || !this.any) return
    const values: Record<string, Json> = {}
    for (const name of this.#names) {
      const value = await this.#source(name)
      if (value === undefined) continue
      values[name] = value
      for (const text of textsOf(value)) {
        if (text.length >= shortestHidden) this.#hidden.push([text, `[secret ${name}]`])
      }
    }
    this.#hidden.sort(([a], [b]) => b.length - a.length)
    this.#values = values
  }

  /** All of them, for `$secrets`. */
  values(): Json {
    return this.#values ?? {}
  }

  /** One of them. @throws WorkflowError `authorization` where it is not there or not declared */
  value(name: string): Json {
    const value = this.#values
    if (value !== undefined && Object.hasOwn(value, name)) return value[name] as Json
    const detail = `the secret "${name}" does not exist, or this workflow may not see it`
    throw new WorkflowError({ type: 'authorization', title: 'No such secret', detail })
  }

  /** A value with marks where secrets stand in it; the same object where none does. */
  redacted<T extends Json | undefined>(value: T): T {
    if (this.#hidden.length === 0 || value === undefined) return value
    return this.#redact(value) as T
  }

  /** Whether a secret stands in a value. */
  standIn(value: Json): boolean {
    return this.#hidden.length > 0 && this.#redact(value) !== value
  }

  #redact(value: Json): Json {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value !== 'object' || value === null) return value
    let changed = false
    const look = (one: Json): Json => {
      const seen = this.#redact(one)
      changed ||= seen !== one
      return seen
    }
    const copy = Array.isArray(value)
      ? value.map(look)
      : Object.fromEntries(
          Object.entries(value).map(([name, one]) => [this.#text(name), look(one)]),
        )
    return changed ? copy : value
  }

  #text(text: string): string {
    return this.#hidden.reduce((seen, [secret, mark]) => seen.replaceAll(secret, mark), text)
  }
}

function textsOf(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((one) => textsOf(one as Json))
}

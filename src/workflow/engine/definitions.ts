/** Keeps definitions by their hash, so that every instance ends on the one that it began with. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { RunnableWorkflow } from '../durable-context.ts'
import { ambiguousName, type WorkflowName } from '../workflow.ts'

/** Compiled definitions that are kept beside the deployed ones. */
const maxCompiled = 1_000

/** What a look at the kept definitions gave. */
interface Loaded {
  readonly failures: readonly { readonly name: string; readonly error: unknown }[]
  /** Whether others are deployed than before. */
  readonly isOther: boolean
}

/** The definitions of a database, and which of them are deployed. */
export class Definitions {
  readonly #sql: SqlStore
  readonly #compile: (document: Json) => RunnableWorkflow
  /** The newest of each name. */
  readonly #deployed = new Map<string, RunnableWorkflow>()
  readonly #byHash = new Map<string, RunnableWorkflow>()
  /** Not deployed any more, with open instances. */
  #pinned: readonly RunnableWorkflow[] = []
  #isLoaded = false
  /** Hashes that could not be compiled, which is told once. */
  readonly #useless = new Set<string>()

  constructor(sql: SqlStore, compile: (document: Json) => RunnableWorkflow) {
    this.#sql = sql
    this.#compile = compile
  }

  async deploy(
    workflow: RunnableWorkflow,
    { nowMs, isKept }: { nowMs: number; isKept: boolean },
  ): Promise<void> {
    const { hash, namespace, name, version, title, document, source } = workflow
    await this.#sql.run(
      `INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET
        deployed_at_ms = excluded.deployed_at_ms, is_kept = excluded.is_kept
        WHERE definitions.is_kept = 0 OR excluded.is_kept = 1`,
      ...[
        hash,
        namespace,
        name,
        version,
        title,
        JSON.stringify(document),
        source,
        isKept ? 1 : 0,
        nowMs,
      ],
    )
    const before = this.#deployed.get(`${namespace}/${name}`)
    this.#deployed.set(`${namespace}/${name}`, workflow)
    this.#keep(workflow)
    if (before !== undefined && before.hash !== hash) await this.pin([before])
  }

  /** Takes up what is kept, whoever deployed it; what cannot be compiled is left out, and told of once. */
  async load(): Promise<Loaded> {
    const before = [...this.#deployed.values()]
    const rows = await this.#sql.all(
      'SELECT hash, namespace, name FROM definitions WHERE is_kept = 1 ORDER BY deployed_at_ms',
    )
    const failures: Loaded['failures'][number][] = []
    for (const { hash, namespace, name } of rows) {
      const key = `${namespace}/${name}`
      try {
        const workflow = await this.byHash(String(hash))
        if (workflow) this.#deployed.set(key, workflow)
      } catch (error) {
        if (!this.#useless.has(String(hash))) failures.push({ name: key, error })
        if (this.#useless.size < maxCompiled) this.#useless.add(String(hash))
      }
    }
    const after = [...this.#deployed.values()]
    const isOther = after.length !== before.length || after.some((one, at) => one !== before[at])
    if (isOther || !this.#isLoaded) await this.pin(before)
    this.#isLoaded = true
    return { failures, isOther }
  }

  /** Those that open instances go on by, and those that were just replaced: another process may yet begin instances of them. */
  pinned(): readonly RunnableWorkflow[] {
    return this.#pinned
  }

  /** Looks for those again, beside some; whether they are others than before. */
  async pin(beside: readonly RunnableWorkflow[] = []): Promise<boolean> {
    const rows = await this.#sql.all(
      `SELECT DISTINCT definition_hash AS hash FROM instances
        WHERE status IN ('running', 'waiting', 'paused', 'compensating') AND status <> 'completed' ORDER BY hash`,
    )
    const pinned = new Map(beside.map((one) => [one.hash, one]))
    for (const { hash } of rows) {
      // What cannot be compiled any more fails its instances, which tells of it.
      const workflow = await this.byHash(String(hash)).catch(() => undefined)
      if (workflow) pinned.set(workflow.hash, workflow)
    }
    for (const { hash } of this.#deployed.values()) pinned.delete(hash)
    const before = this.#pinned
    this.#pinned = [...pinned.values()].slice(-maxCompiled)
    return this.#pinned.map(({ hash }) => hash).join() !== before.map(({ hash }) => hash).join()
  }

  /** The newest of each name. */
  deployed(): Iterable<RunnableWorkflow> {
    return this.#deployed.values()
  }

  /** @throws AppError `workflow/not-deployed`, `workflow/ambiguous-name` where several namespaces have the name */
  named({ name, namespace, version }: WorkflowName): RunnableWorkflow {
    if (namespace === undefined) this.#mustBeOne(name)
    for (const one of [...this.#deployed.values(), ...this.#byHash.values()]) {
      if (one.name !== name || (namespace !== undefined && one.namespace !== namespace)) continue
      if (version === undefined || one.version === version) return one
    }
    const which = `${namespace === undefined ? '' : `${namespace}/`}${name}${version === undefined ? '' : ` ${version}`}`
    throw new AppError({
      code: 'workflow/not-deployed',
      message: `workflow "${which}" is not deployed`,
    })
  }

  #mustBeOne(name: string): void {
    const all = [...this.#deployed.values()].filter((one) => one.name === name)
    if (all.length < 2) return
    throw ambiguousName(name, all)
  }

  /** What a hash stands for; nothing if nobody deployed it. @throws AppError for what cannot be compiled any more */
  async byHash(hash: string): Promise<RunnableWorkflow | undefined> {
    const known = this.#byHash.get(hash)
    if (known) return known
    const row = await this.#sql.get('SELECT document FROM definitions WHERE hash = ?', hash)
    if (row === undefined) return undefined
    const workflow = this.#compile(JSON.parse(String(row.document)) as Json)
    this.#keep(workflow)
    return workflow
  }

  /** The one that was asked for longest ago goes. */
  #keep(workflow: RunnableWorkflow): void {
    this.#byHash.delete(workflow.hash)
    this.#byHash.set(workflow.hash, workflow)
    const [oldest] = this.#byHash.keys()
    if (this.#byHash.size > maxCompiled && oldest !== undefined) this.#byHash.delete(oldest)
  }
}

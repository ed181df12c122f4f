/** Lets blocks count as final only where enough endpoints agree on them. */

import type { EndpointRecord } from './endpoint-record.ts'

/** What is asked of the endpoints. */
export interface QuorumOptions {
  /** Endpoints that must agree. */
  readonly quorum: number
  /** Blocks below a head that are final where an endpoint has no such tag. */
  readonly finalityDepth: number
  /** Told of endpoints that are alone with another block. */
  readonly blame: (record: EndpointRecord, reason: string) => void
}

/** The last block that a quorum agreed on; it never goes back by itself. */
export class FinalityQuorum {
  readonly #options: QuorumOptions
  #agreed = -1
  #problem: string | undefined
  #asking: Promise<void> | undefined

  constructor(options: QuorumOptions) {
    this.#options = options
  }

  get agreed(): number {
    return this.#agreed
  }

  /** Why finality does not go on, if it does not. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Looks in the background whether there is a later block that they agree on; one look at a time. */
  look(used: EndpointRecord, records: readonly EndpointRecord[]): void {
    this.#asking ??= this.#look(used, records)
      .catch(() => {})
      .finally(() => {
        this.#asking = undefined
      })
  }

  /** Resolves when nothing is asked any more. */
  async idle(): Promise<void> {
    await this.#asking
  }

  async #look(used: EndpointRecord, records: readonly EndpointRecord[]): Promise<void> {
    const { quorum } = this.#options
    const finals = records
      .map((record) => ({ record, final: this.#finalOf(record) }))
      .filter(({ final }) => final >= 0)
      .sort((a, b) => b.final - a.final)
    const highest = finals[quorum - 1]?.final
    if (highest === undefined) {
      this.#problem = `finality waits for ${quorum} endpoints; ${finals.length} tell theirs`
      return
    }
    const number = Math.min(highest, this.#finalOf(used))
    if (number <= this.#agreed) return
    const [own] = await used.source.blocksAt([number])
    const others = finals.filter(({ record, final }) => record !== used && final >= number)
    const answers = await Promise.all(others.map(({ record }) => hashOf(record, number)))
    const same = others.filter((_, at) => answers[at] === own?.hash)
    const different = others.filter((_, at) => answers[at] && answers[at] !== own?.hash)
    if (same.length + 1 >= quorum) {
      this.#agreed = number
      this.#problem = undefined
      for (const { record } of different) this.#alone(record, number)
      return
    }
    const counts = `${same.length + 1} of ${records.length}`
    this.#problem = `finality waits for ${quorum} endpoints to agree on block ${number}; ${counts} do`
    const most = mostFrequent(answers.filter((hash) => hash !== undefined))
    if (most !== undefined && most >= quorum) this.#alone(used, number)
  }

  #alone(record: EndpointRecord, number: number): void {
    this.#options.blame(record, `its final block ${number} is another one than that of the others`)
  }

  #finalOf({ head }: EndpointRecord): number {
    if (head === undefined) return -1
    return head.finalized ?? head.number - this.#options.finalityDepth
  }
}

async function hashOf(record: EndpointRecord, number: number): Promise<string | undefined> {
  try {
    return (await record.source.blocksAt([number]))[0]?.hash
  } catch (error) {
    record.failed(error)
    return undefined
  }
}

/** How often the most frequent one is there. */
function mostFrequent(hashes: readonly string[]): number | undefined {
  const counts = new Map<string, number>()
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  return counts.size === 0 ? undefined : Math.max(...counts.values())
}

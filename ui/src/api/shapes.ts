/** Describes what the API answers, as far as the console shows it. */

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
  /** What a list could not be given, where it says so. */
  readonly problems?: readonly string[]
  /** Where functions may run, the usual one first; of lists of functions. */
  readonly providers?: readonly FunctionProvider[]
}

export interface Status {
  readonly version: string
  readonly startedAt: string
  readonly dev: boolean
  readonly ready: boolean
  readonly listeners: readonly {
    readonly chain: string
    readonly state: 'starting' | 'catching-up' | 'following' | 'waiting' | 'stopped'
    readonly checkpoint: number | null
    readonly head: number | null
    readonly problem: string | null
  }[]
  readonly instances: Readonly<Record<InstanceStatus, number>>
  readonly senders: readonly {
    readonly chain: string
    readonly address: string | null
    readonly problem: string | null
  }[]
}

export interface Chain {
  readonly name: string
  readonly chainId: number
  readonly embedded: boolean
  readonly rpcPath: string
  readonly head: {
    readonly number: number
    readonly hash: string
    readonly timestamp: string
  } | null
  /** Absent for a foreign chain. */
  readonly engine: string | null
  readonly state:
    | 'creating'
    | 'starting'
    | 'running'
    | 'stopping'
    | 'stopped'
    | 'failed'
    | 'removing'
  readonly isFirst: boolean
  readonly parent: { readonly number: number } | null
  readonly portion: number | null
  readonly problem: string | null
  readonly contracts: Readonly<Record<string, string>>
  readonly accounts: readonly string[]
}

export interface Block {
  readonly chain: string
  readonly number: number
  readonly hash: string
  readonly parentHash: string
  readonly timestamp: string
  readonly transactions: number
  readonly gasUsed: string
  readonly gasLimit: string
  readonly baseFeePerGas: string | null
  readonly beneficiary: string
  readonly transactionHashes?: readonly string[]
}

export interface ChainEvent {
  readonly id: string
  readonly chain: string
  readonly address: string
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  readonly state: 'pending' | 'confirmed' | 'safe' | 'finalized' | 'retracted'
  readonly blockNumber: number
  readonly blockHash: string
  readonly transactionHash: string
  readonly blockTime: string
  /** When it came how far, in the order of time. */
  readonly life: readonly {
    readonly state: 'seen' | 'confirmed' | 'safe' | 'finalized' | 'retracted' | 'returned'
    readonly at: string
  }[]
  readonly instances: readonly string[]
}

export interface Step {
  readonly name: string
  /** JSON pointer, with which the keys of its journal lines begin. */
  readonly pointer: string
  readonly kind: string
  readonly next: readonly { readonly step: string; readonly when: string | null }[]
}

export interface Workflow {
  readonly namespace: string
  readonly name: string
  readonly title: string
  readonly hash: string
  readonly event: string | null
  readonly steps: readonly Step[]
  readonly definition: unknown
}

export type InstanceStatus =
  | 'running'
  | 'waiting'
  | 'paused'
  | 'compensating'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'retracted'

export interface Instance {
  readonly id: string
  readonly namespace: string
  readonly workflow: string
  readonly definitionHash: string
  readonly status: InstanceStatus
  readonly step: string | null
  readonly reason: string | null
  readonly eventId: string | null
  readonly createdAt: string
  readonly updatedAt: string
}

export interface JournalEntry {
  readonly seq: number
  readonly step: string
  readonly name: string
  readonly kind:
    | 'started'
    | 'completed'
    | 'waiting'
    | 'retrying'
    | 'failed'
    | 'cancelled'
    | 'retracted'
  readonly action: string
  readonly attempt: number
  readonly startedAt: string
  readonly at: string
  readonly input: unknown
  readonly output: unknown
  readonly error: string | null
  /** It was undone, or set aside by a retry. */
  readonly dropped: boolean
}

export interface Replay {
  readonly next: readonly { readonly step: string; readonly action: string }[]
  readonly differences: readonly {
    readonly step: string
    readonly journaled: string
    readonly asked: string | null
  }[]
  readonly output: unknown
  readonly problem: unknown
}

export interface Question {
  readonly id: string
  readonly instanceId: string
  readonly title: string
  readonly status: 'open' | 'answered' | 'expired' | 'closed'
  readonly role: string | null
  /** JSON Schema of the answer. */
  readonly form: unknown
  readonly data: unknown
  readonly answers: number
  readonly askedAt: string
  readonly deadlineAt: string | null
  readonly given: readonly {
    readonly who: string
    readonly answer: unknown
    readonly at: string
  }[]
}

export interface QueueView {
  readonly carrier: string
  readonly depth: number
  readonly capacity: number
  readonly out: number
  readonly dead: number
  /** Processes that take messages out of it. */
  readonly consumers: number
  readonly oldestAt: string | null
  readonly problem: string | null
}

export interface QueueKey {
  readonly key: string
  readonly waiting: number
}

export interface DeadLetter {
  readonly number: number
  readonly key: string
  readonly attempts: number
  readonly reason: string
  readonly at: string
  readonly body: unknown
}

export interface ListenerAlarm {
  readonly number: number
  readonly kind: string
  readonly at: string
  readonly detail: string
  readonly acknowledgedBy: string | null
  readonly acknowledgedAt: string | null
}

export interface ListenerView {
  readonly chain: string
  readonly state: Status['listeners'][number]['state']
  readonly checkpoint: number | null
  readonly head: number | null
  readonly lag: number | null
  readonly problem: string | null
  readonly marks: { readonly confirmed: number; readonly finalized: number } | null
  readonly quorum: { readonly needed: number; readonly of: number } | null
  readonly backFill: {
    readonly next: number
    readonly last: number
    readonly left: number
    readonly problem: string | null
  } | null
  readonly endpoints: readonly {
    readonly name: string
    readonly isUsed: boolean
    readonly head: number | null
    readonly lag: number
    readonly latencyMs: number | null
    readonly penalty: number
    readonly fault: string | null
  }[]
  readonly alarms: readonly ListenerAlarm[]
}

export interface InstanceDetail extends Instance {
  readonly input: unknown
  readonly output: unknown
  readonly problem: unknown
  readonly event: ChainEvent | null
  readonly journal: readonly JournalEntry[]
}

export interface Notification {
  readonly id: string
  readonly instanceId: string
  readonly to: string
  readonly subject: string
  readonly body: string
  readonly channel: string
  readonly state: 'stored' | 'waiting' | 'sending' | 'held' | 'sent' | 'dead'
  readonly attempts: number
  readonly reason: string | null
  readonly at: string
}

export interface Sink {
  readonly name: string
  readonly kind: string
  readonly place: string
  readonly state: 'running' | 'waiting' | 'paused' | 'elsewhere' | 'stopped'
  readonly waiting: number
  readonly lagMs: number
  readonly dead: number
  readonly sent: number
  readonly lastError: string | null
}

export interface OutcomeRecord {
  readonly id: string
  readonly instanceId: string
  readonly workflow: string
  readonly key: string
  readonly data: unknown
  readonly at: string
}

/** One key on one chain, which sends. */
export interface SenderLane {
  readonly chainId: number
  readonly address: string
  readonly open: number
  readonly waiting: number
  readonly problem: string | null
}

/** A transaction of a sender. */
export interface SentTransaction {
  readonly id: string
  readonly to: string | null
  readonly state: 'open' | 'mined' | 'final'
  readonly nonce: number
  readonly hash: string
  readonly tries: number
  readonly blockNumber: number | null
  readonly succeeded: boolean | null
  readonly gasUsed: string | null
  readonly contractAddress: string | null
  readonly problem: string | null
  readonly at: string
}

export interface FunctionProvider {
  readonly name: string
  readonly kind: string
}

export interface FunctionRow {
  readonly name: string
  readonly provider: string
  readonly version: string | null
  readonly state: string
  readonly isCalled: boolean
  readonly circuit: 'closed' | 'half-open' | 'open'
  readonly runs: number
  readonly errors: number
  readonly medianMs: number | null
  readonly p95Ms: number | null
  readonly lastRunAt: string | null
  readonly lastError: string | null
}

export interface FunctionVersion {
  readonly version: string
  readonly at: string | null
  readonly bytes: number | null
  readonly isCurrent: boolean
}

export interface FunctionDetail extends FunctionRow {
  readonly versions: readonly FunctionVersion[]
}

export interface LogLine {
  readonly at: string
  readonly level: string
  readonly text: string
}

export interface FunctionRun {
  readonly idempotencyKey: string
  readonly at: string
  readonly ms: number
  readonly outcome: string
  readonly error: string | null
  readonly log: readonly { readonly text: string }[]
}

/** A declared table. */
export interface Projection {
  readonly name: string
  readonly description: string | null
  readonly sources: readonly string[]
  readonly life: string
  readonly columns: readonly { readonly name: string; readonly index: boolean }[]
  readonly key: readonly string[]
  readonly state: 'filling' | 'ready' | 'waiting' | 'stopped' | 'undeclared'
  readonly progress: { readonly done: number; readonly last: number }
  readonly failures: number
  readonly problem: string | null
}

/** By column. */
export type ProjectedRow = Readonly<Record<string, unknown>>

export interface ProjectionFailure {
  readonly record: string
  readonly block: number
  readonly reason: string
}

/** Reads the traces of the Tendermint model, and puts their names for validators, values and messages into ours. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { quorumCertificate } from '../../../src/chain/consensus/certificate.ts'
import type { CoreState } from '../../../src/chain/consensus/core-state.ts'
import type {
  Certificate,
  SignedProposal,
  SignedVote,
  VoteType,
} from '../../../src/chain/consensus/messages.ts'
import type { SignatureCheck } from '../../../src/chain/consensus/signatures.ts'
import {
  fakeValidators,
  signProposal,
  signVote,
} from '../../../src/chain/consensus/test-validators/fake-signatures.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'

/** A value by name, or nil. */
export type TraceValue = string | null
export type TraceVote = readonly [VoteType, string, number, number, TraceValue]
export type TraceProposal = readonly [string, number, number, string, number]
/** Height, round, step, locked round and value, valid round and value. */
export type TraceState = readonly [number, number, string, number, TraceValue, number, TraceValue]

/** A trace: what holds for all of it, and its records. */
export interface Trace<Header, Line> {
  readonly name: string
  readonly header: Header
  readonly lines: readonly Line[]
}

/** How a replay ended: what differed, and what could not be asked of this core. */
export interface Replayed {
  readonly compared: number
  readonly leftOut: number
  readonly faults: readonly string[]
}

/** All traces of one kind. */
export async function readTraces<Header, Line>(
  folder: string,
  kind: string,
): Promise<readonly Trace<Header, Line>[]> {
  const files = (await readdir(path.join(folder, kind))).filter((name) => name.endsWith('.jsonl'))
  return Promise.all(
    files.sort().map(async (name) => {
      const text = await readFile(path.join(folder, kind, name), 'utf8')
      const [header, ...lines] = text.trimEnd().split('\n')
      return {
        name: `${kind}/${name}`,
        header: JSON.parse(header ?? '') as Header,
        lines: lines.map((line) => JSON.parse(line) as Line),
      }
    }),
  )
}

/** The words of a trace in terms of the core: validators by place, values as hashes. */
export class Terms {
  readonly check: SignatureCheck
  readonly names: readonly string[]
  readonly #values = new Map<string, string>()

  constructor(weights: Readonly<Record<string, number>>) {
    this.names = Object.keys(weights)
    this.check = fakeValidators(Object.values(weights))
  }

  /** The place of a validator; −1 for a stranger. */
  place(name: string): number {
    return this.names.indexOf(name)
  }

  hash(name: string): Uint8Array {
    const hash = keccak256(new TextEncoder().encode(name))
    this.#values.set(hash.toHex(), name)
    return hash
  }

  value(hash: Uint8Array | undefined): TraceValue {
    return hash === undefined ? null : (this.#values.get(hash.toHex()) ?? hash.toHex())
  }

  /** @param validRound - what the traces leave out of prevotes */
  vote([type, name, height, round, value]: TraceVote, validRound = -1): SignedVote {
    const content = {
      ...({ instance: 0, type, height: BigInt(height), round } as const),
      ...{ validRound: type === 'prevote' && value !== null ? validRound : -1 },
      ...{ value: value === null ? undefined : this.hash(value), validatorIndex: this.place(name) },
    }
    return signVote(content, this.check)
  }

  proposal([name, height, round, value, validRound]: TraceProposal): SignedProposal {
    const content = {
      ...({
        instance: 0,
        height: BigInt(height),
        round,
        validRound,
        value: this.hash(value),
      } as const),
      ...{ partsRoot: this.hash(value), partCount: 1, byteLength: 1 },
      validatorIndex: this.place(name),
    }
    return signProposal(content, this.check)
  }

  certificate(votes: readonly TraceVote[], validRound = -1): Certificate {
    return quorumCertificate(
      votes.map((vote) => this.vote(vote, validRound)),
      this.names.length,
    )
  }

  state(state: CoreState): TraceState {
    const { height, round, step, lockedRound, lockedValue, validRound, validValue } = state
    const name = step === 'decided' ? 'commit' : step === 'new' ? 'none' : step
    return [
      ...([Number(height), round, name, lockedRound, this.value(lockedValue)] as const),
      ...([validRound, this.value(validValue)] as const),
    ]
  }
}

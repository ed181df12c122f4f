/** Checks what the engine of a stored chain says of its blocks: seals, records, and payments of the protocol. */

import { equalBytes } from '../base/bytes.ts'
import { Recent } from '../base/recent.ts'
import { type Closing, closingOn } from './block-closing.ts'
import { engineBirth } from './consensus/birth.ts'
import type { ChainReader, ConsensusEngine, SealedHeader } from './consensus/consensus.ts'
import { createEngine } from './consensus/create-engine.ts'
import { type Derived, decodeDerived, encodeDerived } from './consensus/derived.ts'
import { unknownSet } from './consensus/evidence.ts'
import type { ValidatorSet } from './consensus/messages.ts'
import type { Block, BlockHead } from './ledger/block.ts'
import { encodeWithdrawal } from './ledger/block-codec.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import type { Manifest } from './ledger/manifest.ts'
import { chainKey } from './ledger/manifest-codec.ts'
import type { Hash } from './ledger/transaction.ts'
import { orderedRoot } from './state/ordered-root.ts'

/** Blocks that a chain may have gone back to. */
const mostKept = 4_096

/** A block as it is stored, and what follows from the chain up to it, encoded. */
export interface StoredBlock {
  readonly block: Block
  readonly derived: Uint8Array | undefined
}

/** The checks of one chain, block after block; of a chain whose blocks have no records there are none. */
export class SealCheck {
  readonly #engine: ConsensusEngine<unknown> | undefined
  readonly #derived = new Recent<string, Derived>(mostKept)
  /** Who signs each height. */
  readonly #sets: ValidatorSet[] = []
  readonly #heads = new Recent<string, SealedHeader>(mostKept)

  constructor(manifest: Manifest, rules: ChainRules, genesis: Hash) {
    const birth = engineBirth(manifest.consensus)
    if (birth === undefined) return
    this.#engine = createEngine(manifest, rules, { chainKey: chainKey(manifest) })
    this.#derived.set(genesis.toHex(), birth.derived)
    this.#sets[1] = birth.derived.validators
  }

  /** The chain begins on a block that is not checked. */
  begin(hash: Hash, derived: Uint8Array): void {
    this.#derived.set(hash.toHex(), decodeDerived(derived))
  }

  /** How the block after this one ends. */
  closing(parent: Hash): Closing | undefined {
    return (
      this.#engine && closingOn(this.#engine, this.#derived.get(parent.toHex()), this.#derivedOf)
    )
  }

  /** What is wrong with a block on its parent. */
  faultsOf({ block, derived }: StoredBlock, parent: BlockHead): readonly string[] {
    if (this.#engine === undefined) return []
    if (derived) this.#keep(block, decodeDerived(derived))
    const { header: own, hash, record: said } = block
    this.#heads.set(hash.toHex(), { header: own, hash, record: said })
    // What was once stored is not too early any more.
    const verdict = this.#engine.checkHeader(this.#reader(parent), block, Number.MAX_SAFE_INTEGER)
    // Old evidence of a chain that begins later was judged by those who decided the block.
    if (verdict.kind === 'invalid' && verdict.rule !== unknownSet) {
      return [`its header: ${verdict.rule}, ${verdict.detail}`]
    }
    // Where contracts say how a block ends, running it tells.
    if (this.#engine.readsContracts) return derived ? [] : ['what follows from it is not stored']
    const { header, record } = block
    const end = this.closing(parent.hash)?.({ header, gasUsed: header.gasUsed, record })
    if (end === undefined) return ['what follows from its parent is not stored']
    const root = orderedRoot(end.withdrawals.map(encodeWithdrawal))
    const nothing = new Uint8Array()
    return [
      ...(equalBytes(root, header.withdrawalsRoot ?? nothing)
        ? []
        : ['its payments are not those that the protocol makes']),
      ...(equalBytes(encodeDerived(end.derived), derived ?? nothing)
        ? []
        : ['what is stored as following from it does not']),
    ]
  }

  readonly #derivedOf = (hash: Hash) => this.#derived.get(hash.toHex())

  #keep({ header, hash }: Block, derived: Derived): void {
    this.#derived.set(hash.toHex(), derived)
    const { validators } = derived
    const height = Number(header.number) + 1
    const last = this.#sets[height - 1]
    // Most sets are those of the height before, and stay in memory once.
    this.#sets[height] = last && equalBytes(last.hash, validators.hash) ? last : validators
  }

  #reader(parent: BlockHead): ChainReader {
    // A block may name one of its last ancestors, too.
    const isIt = (hash: Hash) => equalBytes(hash, parent.hash)
    return {
      header: (hash) => this.#heads.get(hash.toHex()) ?? (isIt(hash) ? parent : undefined),
      derived: (hash) => this.#derived.get(hash.toHex()),
      setAt: (height) => this.#sets[Number(height)],
      totalWork: () => undefined,
    }
  }
}

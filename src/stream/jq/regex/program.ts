/** Compiles trees of regular expressions to instructions for a machine that backtracks. */

import { raised } from '../values.ts'
import type { Anchor, Expression, Matches, Tree } from './tree.ts'

/** Most instructions of one expression. */
const maxInstructions = 20_000

export type Instruction =
  | { readonly op: 'point'; readonly matches: Matches }
  /** Goes on at `first`; when that fails, at `second`. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'anchor'; readonly anchor: Anchor }
  | {
      readonly op: 'backreference'
      readonly groups: readonly number[]
      readonly ignoreCase: boolean
    }
  /** Runs what follows up to its `done` by itself; goes on at `end`. */
  | {
      readonly op: 'within'
      readonly kind: 'atomic' | 'ahead' | 'behind'
      readonly negative: boolean
      end: number
    }
  /** Goes on only if something was taken since the slot was saved. */
  | { readonly op: 'progress'; readonly slot: number }
  | { readonly op: 'keep' }
  | { readonly op: 'done' }

export interface Program {
  readonly instructions: readonly Instruction[]
  /** Places that are saved: two for each group, the whole being the first, and one for each loop. */
  readonly slots: number
  readonly names: readonly (string | null)[]
}

export function compileExpression({ tree, names }: Expression): Program {
  const writer = new Writer((names.length + 1) * 2)
  writer.write(tree)
  writer.push({ op: 'done' })
  return { instructions: writer.instructions, slots: writer.slots, names }
}

class Writer {
  readonly instructions: Instruction[] = []
  slots: number

  constructor(slots: number) {
    this.slots = slots
  }

  push<One extends Instruction>(instruction: One): One {
    if (this.instructions.length >= maxInstructions) {
      throw raised('Regex failure: the expression is too large')
    }
    this.instructions.push(instruction)
    return instruction
  }

  get #here(): number {
    return this.instructions.length
  }

  write(tree: Tree): void {
    switch (tree.kind) {
      case 'empty':
        return
      case 'point':
        this.push({ op: 'point', matches: tree.matches })
        return
      case 'sequence':
        for (const part of tree.parts) this.write(part)
        return
      case 'either':
        this.#either(tree.parts)
        return
      case 'repeat':
        this.#repeat(tree)
        return
      case 'group':
        this.push({ op: 'save', slot: tree.index * 2 })
        this.write(tree.body)
        this.push({ op: 'save', slot: tree.index * 2 + 1 })
        return
      case 'atomic':
        this.#within('atomic', false, tree.body)
        return
      case 'look':
        this.#within(tree.behind ? 'behind' : 'ahead', tree.negative, tree.body)
        return
      case 'anchor':
        this.push({ op: 'anchor', anchor: tree.anchor })
        return
      case 'backreference':
        this.push({ op: 'backreference', groups: tree.groups, ignoreCase: tree.ignoreCase })
        return
      case 'keep':
        this.push({ op: 'keep' })
    }
  }

  #either(parts: readonly Tree[]): void {
    const ends: { to: number }[] = []
    for (const [at, part] of parts.entries()) {
      if (at === parts.length - 1) this.write(part)
      else {
        const split = this.push({ op: 'split', first: this.#here + 1, second: 0 })
        this.write(part)
        ends.push(this.push({ op: 'jump', to: 0 }))
        split.second = this.#here
      }
    }
    for (const end of ends) end.to = this.#here
  }

  #repeat({ body, least, most, mode }: Tree & { readonly kind: 'repeat' }): void {
    if (mode === 'possessive') {
      const greedy: Tree = { kind: 'repeat', body, least, most, mode: 'greedy' }
      this.#within('atomic', false, greedy)
      return
    }
    for (let at = 0; at < least; at += 1) this.write(body)
    if (most === Number.POSITIVE_INFINITY) this.#loop(body, mode)
    else this.#options(body, most - least, mode)
  }

  #split(mode: 'greedy' | 'lazy'): { readonly leave: (to: number) => void } {
    const inside = this.#here + 1
    const split = this.push({ op: 'split', first: inside, second: inside })
    const leave = (to: number) => {
      if (mode === 'greedy') split.second = to
      else split.first = to
    }
    return { leave }
  }

  #loop(body: Tree, mode: 'greedy' | 'lazy'): void {
    const start = this.#here
    const { leave } = this.#split(mode)
    const isPoint = body.kind === 'point'
    const slot = this.slots
    if (!isPoint) {
      this.slots += 1
      this.push({ op: 'save', slot })
    }
    this.write(body)
    if (!isPoint) this.push({ op: 'progress', slot })
    this.push({ op: 'jump', to: start })
    leave(this.#here)
  }

  #options(body: Tree, times: number, mode: 'greedy' | 'lazy'): void {
    const leaves: ((to: number) => void)[] = []
    for (let at = 0; at < times; at += 1) {
      leaves.push(this.#split(mode).leave)
      this.write(body)
    }
    for (const leave of leaves) leave(this.#here)
  }

  #within(kind: 'atomic' | 'ahead' | 'behind', negative: boolean, body: Tree): void {
    const instruction = this.push({ op: 'within', kind, negative, end: 0 } as Instruction & {
      op: 'within'
    })
    this.write(body)
    this.push({ op: 'done' })
    instruction.end = this.#here
  }
}

/** Runs compiled regular expressions over code points, counting each step, so that none can run away. */

import type { Evaluation } from '../budget.ts'
import { failure } from '../budget.ts'
import { caseVariants, isWord } from './classes.ts'
import type { Instruction, Program } from './program.ts'
import type { Anchor } from './tree.ts'

/** Most choices that can be open at once. */
const maxOpen = 1_000_000

/** Places of a match: of each group its start and end, -1 where it took no part. */
export type Found = readonly number[]

/** One expression over one text. */
export class Machine {
  readonly #instructions: readonly Instruction[]
  readonly #points: ArrayLike<number>
  readonly #run: Evaluation
  readonly #places: number[]
  /** Undo records (slot, place, -1) and open choices (instruction, place, 0), three numbers each. */
  readonly #open: number[] = []
  #start = 0
  readonly #groups: number

  constructor(program: Program, points: ArrayLike<number>, run: Evaluation) {
    this.#instructions = program.instructions
    this.#points = points
    this.#run = run
    this.#places = new Array<number>(program.slots).fill(-1)
    this.#groups = (program.names.length + 1) * 2
  }

  /**
   * The first match from a place on.
   *
   * @param notEmpty - a match that takes nothing is none
   * @param longest - the longest that begins anywhere, of equal ones the first
   */
  search(from: number, notEmpty: boolean, longest: boolean): Found | undefined {
    let best: Found | undefined
    for (let at = from; at <= this.#points.length; at += 1) {
      this.#places.fill(-1)
      this.#open.length = 0
      this.#start = from
      this.#places[0] = at
      let end = this.#go(0, at)
      while (end >= 0) {
        this.#places[1] = end
        const isEmpty = end === at
        if (!(notEmpty && isEmpty)) {
          const found = this.#places.slice(0, this.#groups)
          if (!longest) return found
          if (best === undefined || end - at > lengthOf(best)) best = found
        }
        end = this.#again(0)
      }
    }
    return best
  }

  /** Takes up the last open choice above a mark; the place reached, or -1. */
  #again(mark: number): number {
    const open = this.#open
    while (open.length > mark) {
      const kind = open.pop() as number
      const place = open.pop() as number
      const target = open.pop() as number
      if (kind === 0) return this.#go(target, place, mark)
      this.#places[target] = place
    }
    return -1
  }

  #save(slot: number, place: number): void {
    this.#open.push(slot, this.#places[slot] ?? -1, -1)
    this.#places[slot] = place
  }

  /** Runs from an instruction on until a match is done; the place where it ends, or -1. */
  #go(from: number, place: number, mark = 0): number {
    let [at, now] = [from, place]
    for (;;) {
      this.#run.spend(1)
      const instruction = this.#instructions[at] as Instruction
      if (instruction.op === 'done') return now
      const next = this.#step(instruction, at, now)
      if (next >= 0) {
        at = next
        now = this.#now
        continue
      }
      const open = this.#open
      let isFound = false
      while (open.length > mark) {
        const kind = open.pop() as number
        now = open.pop() as number
        at = open.pop() as number
        if (kind === 0) {
          isFound = true
          break
        }
        this.#places[at] = now
      }
      if (!isFound) return -1
    }
  }

  /** Where the step ended within the text. */
  #now = 0

  /** The next instruction, or -1 when this one fails. */
  #step(instruction: Instruction, at: number, place: number): number {
    this.#now = place
    switch (instruction.op) {
      case 'point': {
        const point = this.#points[place]
        if (point === undefined || !instruction.matches(point)) return -1
        this.#now = place + 1
        return at + 1
      }
      case 'split':
        if (this.#open.length > maxOpen * 3) {
          throw failure('a regular expression has too many ways to match')
        }
        this.#open.push(instruction.second, place, 0)
        return instruction.first
      case 'jump':
        return instruction.to
      case 'save':
        this.#save(instruction.slot, place)
        return at + 1
      case 'progress':
        return this.#places[instruction.slot] === place ? this.#pastLoop(at) : at + 1
      case 'anchor':
        return this.#holds(instruction.anchor, place) ? at + 1 : -1
      case 'backreference':
        return this.#same(instruction, place) ? at + 1 : -1
      case 'keep':
        this.#save(0, place)
        return at + 1
      case 'within':
        return this.#within(instruction, at, place) ? instruction.end : -1
      default:
        return -1
    }
  }

  /** A turn of a loop that took nothing ends the loop: the jump back is passed over. */
  #pastLoop(at: number): number {
    return at + 2
  }

  #holds(anchor: Anchor, place: number): boolean {
    const { length } = this.#points
    if (anchor === 'begin') return place === 0
    if (anchor === 'end') return place === length
    if (anchor === 'end-or-newline') {
      return place === length || (place === length - 1 && this.#points[place] === 10)
    }
    if (anchor === 'start') return place === this.#start
    const before = place > 0 && isWord(this.#points[place - 1] ?? 0)
    const after = place < length && isWord(this.#points[place] ?? 0)
    return (before !== after) === (anchor === 'word')
  }

  #same({ groups, ignoreCase }: Instruction & { op: 'backreference' }, place: number): boolean {
    const group = groups.findLast((one) => (this.#places[one * 2 + 1] ?? -1) >= 0)
    if (group === undefined) return false
    const [start, end] = [this.#places[group * 2] ?? 0, this.#places[group * 2 + 1] ?? 0]
    for (let at = start; at < end; at += 1) {
      this.#run.spend(1)
      const [wanted, found] = [this.#points[at] ?? 0, this.#points[place + at - start]]
      if (found === undefined) return false
      if (found === wanted) continue
      if (!ignoreCase || !caseVariants(wanted).includes(found)) return false
    }
    this.#now = place + end - start
    return true
  }

  /** What stands by itself: its choices are closed when it is done. */
  #within(instruction: Instruction & { op: 'within' }, at: number, place: number): boolean {
    const { kind, negative } = instruction
    const mark = this.#open.length
    const end =
      kind === 'behind' ? this.#behind(at + 1, place, mark) : this.#go(at + 1, place, mark)
    const isFound = end >= 0
    if (isFound && !negative) this.#closeChoices(mark)
    else while (this.#open.length > mark) this.#undo()
    this.#now = kind === 'atomic' && isFound ? end : place
    return isFound !== negative
  }

  /** Looks back for a start from which a match ends here. */
  #behind(at: number, place: number, mark: number): number {
    for (let start = place; start >= 0; start -= 1) {
      let end = this.#go(at, start, mark)
      while (end >= 0 && end !== place) end = this.#again(mark)
      if (end === place) return place
    }
    return -1
  }

  #undo(): void {
    const kind = this.#open.pop()
    const place = this.#open.pop() as number
    const target = this.#open.pop() as number
    if (kind === -1) this.#places[target] = place
  }

  #closeChoices(mark: number): void {
    const open = this.#open
    let kept = mark
    for (let at = mark; at < open.length; at += 3) {
      if (open[at + 2] !== -1) continue
      for (let part = 0; part < 3; part += 1) open[kept + part] = open[at + part] as number
      kept += 3
    }
    open.length = kept
  }
}

function lengthOf(found: Found): number {
  return (found[1] ?? 0) - (found[0] ?? 0)
}

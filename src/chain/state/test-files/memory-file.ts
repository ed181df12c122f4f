/** A checkpoint's file in memory. */

import type { PieceSource, State } from '../state.ts'

/** Writes a state at once and gives its file. */
export function fileOf(state: State, appendix = new Uint8Array()): PieceSource {
  const writing = startFile(state, appendix)
  if (writing === undefined) throw new Error('too many files are open')
  runSteps(writing.steps)
  const source = writing.source()
  writing.checkpoint.end()
  return source
}

/** Takes all steps that are left. */
export function runSteps(steps: Iterator<number>): void {
  let step = steps.next()
  while (!step.done) step = steps.next()
}

/** Writes a state step by step. */
export function startFile(state: State, appendix = new Uint8Array()) {
  const pieces: Uint8Array[] = []
  const checkpoint = state.checkpoint()
  if (checkpoint === undefined) return undefined
  const steps = checkpoint.steps((piece) => pieces.push(piece.slice()) - 1)
  let isOpen = true
  const source = (): PieceSource => ({
    last: checkpoint.last(appendix),
    read(position) {
      const piece = pieces[position]
      if (piece === undefined || !isOpen) throw new Error(`no piece ${position}`)
      return piece.slice()
    },
    close() {
      isOpen = false
    },
  })
  return { checkpoint, steps: steps[Symbol.iterator](), source }
}

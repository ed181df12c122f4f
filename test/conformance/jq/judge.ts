/** Runs blocks of jq's test form, and says what is wrong with an answer. */

import { parseJson } from '../../../src/stream/jq/json-parse.ts'
import { jsonTextOf } from '../../../src/stream/jq/json-text.ts'
import type { ModuleFiles } from '../../../src/stream/jq/modules.ts'
import { areEqual } from '../../../src/stream/jq/order.ts'
import { allOutputs, compileText, type ProgramOptions } from '../../../src/stream/jq/program.ts'
import { Raised, type Value } from '../../../src/stream/jq/values.ts'
import type { Block } from './blocks.ts'

/** jq answers by type where a workflow's expression would be refused, and its own tests go deep. */
const leniently: ProgramOptions = {
  isStrict: false,
  allowance: { work: 200_000_000, depth: 20_000 },
  // jq's own script of tests sets this variable.
  environment: { PAGER: 'less' },
  now: () => Date.now() / 1_000,
}

/** Undefined when a block passes, else what went wrong. */
export function judge(block: Block, modules: ModuleFiles = {}): string | undefined {
  const options = { ...leniently, modules }
  if (block.input === undefined) return judgeRefusal(block.program, options)
  try {
    return judgeOutputs(block, block.input, options)
  } catch (error) {
    return reasonOf(error)
  }
}

function judgeRefusal(program: string, options: ProgramOptions): string | undefined {
  try {
    compileText(program, options)
    return 'it compiles, and must not'
  } catch {
    return undefined
  }
}

function judgeOutputs(block: Block, input: string, options: ProgramOptions): string | undefined {
  const { node, begin } = compileText(block.program, options)
  const { outputs, error } = allOutputs(node, parseJson(input), begin([]))
  const expected = block.outputs.map((output) => parseJson(output))
  const equal = (a: Value, b: Value | undefined) => b !== undefined && areEqual(a, b, begin([]))
  const same =
    expected.length === outputs.length && expected.every((one, at) => equal(one, outputs[at]))
  if (same) return undefined
  const shown = (values: readonly Value[]) =>
    values.map((value) => jsonTextOf(value, 300)).join(' ')
  const failure = error === undefined ? '' : `, then ${reasonOf(error)}`
  return `expected ${shown(expected) || 'nothing'}, got ${shown(outputs) || 'nothing'}${failure}`
}

function reasonOf(error: unknown): string {
  if (error instanceof Raised) return jsonTextOf(error.read(() => {}))
  return error instanceof Error ? error.message : String(error)
}

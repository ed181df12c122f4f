/** Runs tests of workflows without a node: the interpreter and the engine, on a simulated chain, with stubs and time by command. */

import { AppError } from '../base/app-error.ts'
import type { TestParts } from './test-parts.ts'
import { CaseRun } from './testing/case-run.ts'
import { readTestFile, type TestFile } from './testing/test-shapes.ts'
import { TestWorld } from './testing/test-world.ts'

/** What came of one case. */
export interface CaseReport {
  readonly name: string
  readonly ok: boolean
  /** What was not as expected. */
  readonly problems: readonly string[]
  readonly status: string
  readonly steps: readonly string[]
}

/** A file of tests with the definitions that it names. */
export interface WorkflowTests {
  readonly file: TestFile
  /** The tested definition first. */
  readonly definitions: readonly string[]
}

/** Reads a file of tests. @throws AppError `workflow/bad-test-file`: each problem with line and column */
export function readWorkflowTests(text: string, name: string): TestFile {
  return readTestFile(text, name)
}

/**
 * Runs the cases of a file one after the other, each in a world of its own; `only` names a part of their names.
 *
 * @throws AppError `workflow/bad-definition`
 */
export async function* runWorkflowTests(
  { file, definitions }: WorkflowTests,
  parts: TestParts,
  only = '',
): AsyncGenerator<CaseReport> {
  for (const testCase of file.cases.filter(({ name }) => name.includes(only))) {
    const world = await TestWorld.open(definitions, parts, { file, testCase })
    try {
      const { state, problems } = await new CaseRun(world, testCase).go()
      const { status, steps } = state
      yield { name: testCase.name, ok: problems.length === 0, problems, status, steps }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const problems = [error.message]
      yield { name: testCase.name, ok: false, problems, status: 'unknown', steps: [] }
    } finally {
      await world.close()
    }
  }
}

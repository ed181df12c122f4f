/** Runs all feature files of a folder. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FunctionTable } from '../../../src/workflow/language/compiler.ts'
import { parseFeature } from './gherkin.ts'
import { runScenario } from './scenario-run.ts'

/** How the scenarios of a folder went. */
export interface FeatureScore {
  readonly passed: number
  /** `file: scenario: what does not hold`. */
  readonly failures: readonly string[]
}

/** Runs the scenarios of a folder's feature files, in the order of their names. */
export async function runFeatures(
  folder: string,
  functions: FunctionTable,
  tell: (line: string) => void = () => {},
): Promise<FeatureScore> {
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith('.feature'),
  )
  let passed = 0
  const failures: string[] = []
  const fail = (what: string, error: unknown) => {
    failures.push(`${what}: ${(error as Error).message}`)
    tell(`failed  ${what}: ${(error as Error).message}`)
  }
  for (const name of names.sort()) {
    try {
      for (const scenario of parseFeature(await readFile(path.join(folder, name), 'utf8'))) {
        const what = `${name}: ${scenario.name}`
        try {
          await runScenario(scenario, functions)
          passed += 1
          tell(`passed  ${what}`)
        } catch (error) {
          fail(what, error)
        }
      }
    } catch (error) {
      fail(name, error)
    }
  }
  return { passed, failures }
}

/** Runs all feature files of a folder. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseFeature } from './gherkin.ts'
import { runScenario } from './scenario-run.ts'

/** How the scenarios of a folder went. */
export interface FeatureScore {
  readonly passed: number
  /** `file: scenario: what does not hold`. */
  readonly failures: readonly string[]
}

/** Runs the scenarios of a folder's feature files, in the order of their names. */
export async function runFeatures(folder: string): Promise<FeatureScore> {
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith('.feature'),
  )
  let passed = 0
  const failures: string[] = []
  for (const name of names.sort()) {
    for (const scenario of parseFeature(await readFile(path.join(folder, name), 'utf8'))) {
      try {
        await runScenario(scenario, {})
        passed += 1
      } catch (error) {
        failures.push(`${name}: ${scenario.name}: ${(error as Error).message}`)
      }
    }
  }
  return { passed, failures }
}

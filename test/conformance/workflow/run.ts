/** Runs the workflow language's conformance kit, or feature files of its form from another folder, and counts. */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { readOptions, refuse } from '../../../tools/command-options.ts'
import { vectorFolder } from '../vectors.ts'
import { runFeatures } from './features.ts'
import { startServices } from './services.ts'

const usage = `usage: npm run test:workflow -- [--features DIR]
  --features DIR  feature files in the form of the conformance kit; default: the kit. Public services are played on this machine`

const { values } = readOptions(usage, { options: { features: { type: 'string' } } })
const folder = values.features ?? path.join(vectorFolder, 'workflow/ctk')
if (!existsSync(folder)) refuse(`there is no folder ${folder}`)
const services = await startServices()
try {
  const tell = (line: string) => void process.stdout.write(`${line}\n`)
  const { passed, failures } = await runFeatures(folder, services.functions, tell)
  process.stdout.write(`${passed} passed, ${failures.length} failed\n`)
  process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1
} finally {
  await services.stop()
}

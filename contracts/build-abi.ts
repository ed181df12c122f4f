/** Writes the ABI and creation code of each contract but the tests' own as a TypeScript module, or checks that they are current. */

import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readOptions } from '../tools/command-options.ts'

const usage = `usage: node build-abi.ts [--check]
  --check  writes nothing, and fails when something would change`

const { check } = readOptions(usage, {
  options: { check: { type: 'boolean', default: false } },
}).values

interface Artifact {
  readonly contractName: string
  readonly sourceName: string
  readonly abi: unknown
  readonly bytecode: string
}

const here = import.meta.dirname
const artifactRoot = path.join(here, 'artifacts', 'src')

/** Returns the module text for one compiled contract. */
function moduleText(artifact: Artifact): string {
  const name = artifact.contractName[0]?.toLowerCase() + artifact.contractName.slice(1)
  return `/** Holds the compiled interface of ${artifact.contractName}, written by the contracts' build script. */

export const ${name}Abi = ${JSON.stringify(artifact.abi, null, 2)} as const

export const ${name}CreationCode: \`0x\${string}\` = '${artifact.bytecode}'
`
}

/** Turns `DemoToken` into `demo-token`. */
function kebabCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}

const stale: string[] = []
for (const entry of await readdir(artifactRoot, { recursive: true, withFileTypes: true })) {
  const isOurs =
    entry.isFile() && entry.name.endsWith('.json') && !entry.parentPath.includes('/test/')
  if (!isOurs) continue
  const file = path.join(entry.parentPath, entry.name)
  const artifact = JSON.parse(await readFile(file, 'utf8')) as Artifact
  const target = path.join(here, '../src/abi', `${kebabCase(artifact.contractName)}.gen.ts`)
  const text = moduleText(artifact)
  if (!check) await writeFile(target, text)
  else if ((await readFile(target, 'utf8').catch(() => '')) !== text) stale.push(target)
}
if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}\nrun: npm run build --workspace contracts`)
  process.exit(1)
}

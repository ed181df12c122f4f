/**
 * Writes the ABI and code of each contract but the tests' own as a TypeScript module, those of examples as what
 * `POST /v1/contracts/deploy` takes, or checks that they are current.
 */

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
  readonly abi: readonly { readonly type: string }[]
  readonly bytecode: string
  readonly deployedBytecode: string
}

const here = import.meta.dirname
const artifactRoot = path.join(here, 'artifacts', 'src')

/** Returns the module text for one compiled contract; those of consensus are born in a genesis and never created. */
function moduleText({ contractName, sourceName, abi, bytecode, deployedBytecode }: Artifact) {
  const name = contractName[0]?.toLowerCase() + contractName.slice(1)
  const isBorn = sourceName.includes('/consensus/')
  const code = isBorn
    ? `${name}RuntimeCode: \`0x\${string}\` = '${deployedBytecode}'`
    : `${name}CreationCode: \`0x\${string}\` = '${bytecode}'`
  return `/** Holds the compiled interface of ${contractName}, written by the contracts' build script. */

export const ${name}Abi = ${JSON.stringify(abi, null, 2)} as const

export const ${code}
`
}

/** Turns `DemoToken` into `demo-token`. */
function kebabCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}

/** Whether something can be called there; libraries and abstract contracts are parts of others. */
function isWhole({ abi, bytecode }: Artifact): boolean {
  return bytecode !== '0x' && abi.some(({ type }) => type === 'function')
}

/** Where a contract is written, and what. */
function written(artifact: Artifact): { readonly target: string; readonly text: string } {
  const { contractName, sourceName, abi, bytecode } = artifact
  const example = /\/examples\/([^/]+)\//.exec(sourceName)?.[1]
  if (example === undefined) {
    const target = path.join(here, '../src/abi', `${kebabCase(contractName)}.gen.ts`)
    return { target, text: moduleText(artifact) }
  }
  const name = contractName[0]?.toLowerCase() + contractName.slice(1)
  const target = path.join(here, '../examples', example, `${kebabCase(contractName)}.gen.json`)
  return { target, text: `${JSON.stringify({ name, bytecode, abi }, null, 2)}\n` }
}

const stale: string[] = []
for (const entry of await readdir(artifactRoot, { recursive: true, withFileTypes: true })) {
  const isOurs =
    entry.isFile() && entry.name.endsWith('.json') && !entry.parentPath.includes('/test/')
  if (!isOurs) continue
  const file = path.join(entry.parentPath, entry.name)
  const artifact = JSON.parse(await readFile(file, 'utf8')) as Artifact
  if (!isWhole(artifact)) continue
  const { target, text } = written(artifact)
  if (!check) await writeFile(target, text)
  else if ((await readFile(target, 'utf8').catch(() => '')) !== text) stale.push(target)
}
if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}\nrun: npm run build --workspace contracts`)
  process.exit(1)
}

/** Runs whole files in jq's test form, and counts. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ModuleFiles } from '../../../src/stream/jq/modules.ts'
import { plainFile } from '../vectors.ts'
import { readBlocks } from './blocks.ts'
import { judge } from './judge.ts'
import { knownFailures } from './known-failures.ts'

/** The files of jq 1.8.2, in the order of their size. */
export const conformanceFiles = [
  ...['jq.test', 'man.test', 'onig.test', 'uri.test', 'manonig.test', 'base64.test'],
  'optional.test',
] as const

/** How one file went. */
export interface FileScore {
  readonly file: string
  readonly passed: number
  /** Those that fail, with place, program and reason. */
  readonly failures: readonly string[]
}

/** Runs one file; modules are those that jq's own tests import. */
export async function scoreFile(file: string): Promise<FileScore> {
  const text = await readFile(file, 'utf8')
  const modules = await modulesOf()
  const name = path.basename(file)
  const blocks = readBlocks(text)
  const failures = blocks.flatMap((block) => {
    const reason = judge(block, modules)
    if (reason === undefined) return []
    const place = `${name}:${block.line}`
    const known = knownFailures[place]
    return [`${place}: ${block.program}: ${known === undefined ? reason : `known: ${known}`}`]
  })
  return { file: name, passed: blocks.length - failures.length, failures }
}

async function modulesOf(): Promise<ModuleFiles> {
  const file = plainFile('jq/modules.json')
  const text = await readFile(file, 'utf8').catch(() => '{}')
  return JSON.parse(text) as ModuleFiles
}

/** Gives workflows the secrets that the settings hold. */

import { readFile } from 'node:fs/promises'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SecretSource } from '../workflow/read-definition.ts'
import { sectionOf } from './setting-kinds.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The secrets of the section `secrets`, by name. A text `env:NAME` anywhere in one stands for a variable of the
 * environment, `file:PATH` for what the file holds but the end of its last line.
 *
 * @throws AppError `node/bad-secrets`, which tells names and no values
 */
export async function workflowSecrets(
  section: string | undefined,
  environment: Environment = process.env,
): Promise<SecretSource> {
  const given = sectionOf(section) ?? {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw bad('the section "secrets" must be an object of secrets by name')
  }
  const secrets = new Map<string, Json>()
  for (const [name, value] of Object.entries(given)) {
    secrets.set(name, await resolved(value, { name, environment }))
  }
  return async (name) => secrets.get(name)
}

async function resolved(
  value: Json,
  from: { readonly name: string; readonly environment: Environment },
): Promise<Json> {
  if (typeof value === 'string') return textOf(value, from)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Promise.all(value.map((one: Json) => resolved(one, from)))
  const entries = Object.entries(value).map(
    async ([member, one]) => [member, await resolved(one, from)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

async function textOf(
  text: string,
  { name, environment }: { readonly name: string; readonly environment: Environment },
): Promise<string> {
  const [, kind, where = ''] = /^(env|file):(.+)$/.exec(text) ?? []
  if (kind === undefined) return text
  if (kind === 'env') {
    const value = environment[where]
    if (value === undefined) throw bad(`the secret "${name}": the variable ${where} is not set`)
    return value
  }
  try {
    return (await readFile(where, 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    throw bad(`the secret "${name}": ${where} cannot be read: ${fileReason(cause)}`, cause)
  }
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'node/bad-secrets', message, cause })
}

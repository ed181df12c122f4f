/** Reads who signs injected data, and what data have to fit. */

import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import { isChainName } from '../chain/ledger/manifest-codec.ts'
import type { Composition } from './composition.ts'
import { injectAccount, testWords } from './dev-accounts.ts'
import { openSetKey } from './key-files.ts'

/** How data get into the chains of this process. */
interface Injection {
  /** Absent where only callers sign. */
  readonly injectKey: Uint8Array | undefined
  /** Texts of JSON Schemas by the name of the chain. */
  readonly schemas: ReadonlyMap<string, Uint8Array>
}

/** Largest schema, in bytes, and most of them. */
const [maxSchemaBytes, maxSchemas] = [1024 * 1024, 1_000]

/** @throws AppError `node/no-password`, `node/bad-schemas`, and what opening a key file throws */
export async function readInjection({ values, hooks }: Composition): Promise<Injection> {
  const { injectKeyFile: file, injectPasswordFile: passwordFile, dev, mnemonic } = values
  const schemas = await readSchemas(values.injectSchemas)
  if (file === undefined) {
    return { injectKey: dev ? injectAccount(mnemonic ?? testWords).key : undefined, schemas }
  }
  const setting = 'QS_INJECT_PASSWORD_FILE'
  const injectKey = await openSetKey({ file, passwordFile, setting }, hooks.askPassword)
  return { injectKey, schemas }
}

async function readSchemas(folder: string | undefined): Promise<Injection['schemas']> {
  if (folder === undefined) return new Map()
  const failed = (reason: string, cause?: unknown) =>
    new AppError({ code: 'node/bad-schemas', message: `${folder} ${reason}`, cause })
  try {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    if (files.length > maxSchemas) throw failed(`holds more than ${maxSchemas} schemas`)
    const schemas = new Map<string, Uint8Array>()
    for (const file of files) {
      const name = path.basename(file, '.json')
      if (!isChainName(name)) throw failed(`holds ${file}, which names no chain`)
      const { size } = await stat(path.join(folder, file))
      if (size > maxSchemaBytes) throw failed(`holds ${file}, over ${maxSchemaBytes} bytes`)
      schemas.set(name, await readFile(path.join(folder, file)))
    }
    return schemas
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw failed(`cannot be read: ${fileReason(cause)}`, cause)
  }
}

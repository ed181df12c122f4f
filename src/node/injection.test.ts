/** Checks who signs injected data by the settings, and which schemas hold. */

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import type { Composition } from './composition.ts'
import { readInjection } from './injection.ts'
import { createKeyFile } from './key-files.ts'
import type { SettingValues } from './settings.ts'

const read = (values: Partial<SettingValues>, hooks: Composition['hooks'] = {}) =>
  readInjection({ values, hooks } as Composition)

async function temporaryFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-injection-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('nobody signs unless a key file is named, or it is for development', async (t) => {
  assert.deepEqual(await read({}), { injectKey: undefined, schemas: new Map() })
  const { injectKey = new Uint8Array() } = await read({ dev: true })
  assert.equal(toHex(addressOfKey(injectKey)), '0xa0ee7a142d267c1f36714e4a8f75612f20a79720')
  const folder = await temporaryFolder(t)
  const [injectKeyFile, injectPasswordFile] = [path.join(folder, 'key'), path.join(folder, 'word')]
  const address = await createKeyFile(injectKeyFile, 'a long password')
  await writeFile(injectPasswordFile, 'a long password\n')
  const signerOf = async (...given: Parameters<typeof read>) =>
    toHex(addressOfKey((await read(...given)).injectKey ?? new Uint8Array()))
  assert.equal(await signerOf({ dev: true, injectKeyFile, injectPasswordFile }), address)
  const asked: string[] = []
  const askPassword = async (question: string) => {
    asked.push(question)
    return 'a long password'
  }
  assert.equal(await signerOf({ injectKeyFile }, { askPassword }), address)
  assert.deepEqual(asked, [`Password of ${injectKeyFile}`])
  await assert.rejects(read({ injectKeyFile }), {
    code: 'node/no-password',
    message: `${injectKeyFile} needs a file with its password by QS_INJECT_PASSWORD_FILE, since nobody can be asked`,
  })
})

test('schemas are those of a folder, by the name of their chain', async (t) => {
  const injectSchemas = await temporaryFolder(t)
  await writeFile(path.join(injectSchemas, 'side.json'), '{}')
  await writeFile(path.join(injectSchemas, 'README'), 'not read')
  const { schemas } = await read({ injectSchemas })
  assert.deepEqual([...schemas.keys()], ['side'])
  const refused = (message: RegExp) =>
    assert.rejects(read({ injectSchemas }), { code: 'node/bad-schemas', message })
  await writeFile(path.join(injectSchemas, 'Side.json'), '{}')
  await refused(/holds Side.json, which names no chain$/)
  await rm(path.join(injectSchemas, 'Side.json'))
  await writeFile(path.join(injectSchemas, 'large.json'), new Uint8Array(1024 * 1024 + 1))
  await refused(/holds large.json, over 1048576 bytes$/)
  await rm(path.join(injectSchemas, 'large.json'))
  await mkdir(path.join(injectSchemas, 'folder.json'))
  await refused(/cannot be read: /)
  const none = path.join(injectSchemas, 'none')
  await assert.rejects(read({ injectSchemas: none }), { code: 'node/bad-schemas' })
})

/** Moves a validator's key to another machine together with its guard, so that never two machines sign by it. */

import { open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { readHex, toHex } from '../base/bytes.ts'
import { fileReason } from '../base/file-reason.ts'
import { installGuard, readGuard, retireGuard } from '../chain/moved-guard.ts'
import { checkKeyFile } from '../crypto/key-file.ts'
import { sha256 } from '../crypto/sha256.ts'
import { syncFolder } from '../store/durable-folder.ts'
import { lockFile } from '../store/folder-lock.ts'

/** What a bundle is of. */
export interface MovedValidator {
  /** Key of the chain that it has signed for; absent before it has. */
  readonly chain: string | undefined
  /** The last height and round that it has signed for. */
  readonly signed: { readonly height: string; readonly round: number } | undefined
}

/** The file that travels; the key in it is encrypted as in its own file. */
interface Bundle extends MovedValidator {
  readonly format: typeof format
  readonly key: string
  readonly guard: string
  readonly check: string
}

const format = 'quantumstream-validator/1'
const mostBundleBytes = 64 * 1024

/**
 * Writes a key and its guard into one file, and lets neither sign here any more: the guard is marked, and the key file gets
 * another name. Done again after it was cut off, it goes on.
 *
 * @throws AppError `store/file-in-use` while a node runs by the key, `node/moved-already`, `node/unreadable-file`,
 * `node/bad-key`
 */
export async function moveValidator(keyFile: string, bundleFile: string): Promise<MovedValidator> {
  const key = await readText(keyFile)
  mustBeKey(key, keyFile)
  const lock = await lockFile(keyFile)
  try {
    const guardFile = `${keyFile}.guard`
    const { bytes, isMoved, chainKey, highest } = await readGuard(guardFile)
    const content = { key, guard: toHex(bytes) }
    const bundle: Bundle = {
      format,
      chain: chainKey && toHex(chainKey),
      signed: highest && { height: String(highest.height), round: highest.round },
      ...{ ...content, check: checkOf(content) },
    }
    const text = `${JSON.stringify(bundle, null, 2)}\n`
    const draft = `${bundleFile}.part`
    if (isMoved) await mustBeThere([draft, bundleFile], text, keyFile)
    else await writeNew(draft, text)
    await retireGuard(guardFile)
    await rename(draft, bundleFile).catch(ifAbsent)
    await syncFolder(path.dirname(path.resolve(bundleFile)))
    await rename(keyFile, `${keyFile}.moved`)
    await syncFolder(path.dirname(path.resolve(keyFile)))
    return bundle
  } finally {
    await lock.release()
  }
}

/**
 * Takes a key and its guard out of the file that `moveValidator` wrote, which gets another name: it is of use once.
 *
 * @throws AppError `node/no-bundle`, `node/key-not-written`, `consensus/guard-in-use`
 */
export async function receiveValidator(
  bundleFile: string,
  keyFile: string,
): Promise<MovedValidator> {
  const bundle = readBundle(await readText(bundleFile), bundleFile)
  const lock = await lockFile(keyFile)
  try {
    await installGuard(`${keyFile}.guard`, readHex(bundle.guard) ?? new Uint8Array())
    await writeNew(keyFile, bundle.key)
    await rename(bundleFile, `${bundleFile}.received`)
    await syncFolder(path.dirname(path.resolve(bundleFile)))
    return bundle
  } finally {
    await lock.release()
  }
}

/** A file of something else must not get another name. @throws AppError `node/bad-key` */
function mustBeKey(text: string, file: string): void {
  try {
    checkKeyFile(text)
  } catch (cause) {
    const message = `${file} is no key file of a validator: ${(cause as Error).message}`
    throw new AppError({ code: 'node/bad-key', message, cause })
  }
}

/** After a move that was cut off, what it wrote is the only right content: the key may have signed elsewhere since. */
async function mustBeThere(files: readonly string[], text: string, keyFile: string): Promise<void> {
  for (const file of files) {
    const found = await readFile(file, 'utf8').catch(() => undefined)
    if (found === text) return
  }
  const message = `${keyFile} was moved before, into another file: use that one; what its key has signed since is not known here`
  throw new AppError({ code: 'node/moved-already', message })
}

/** A file that is not there yet, on disk when this resolves; the same text once more is no fault. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await syncFolder(path.dirname(path.resolve(file)))
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    if (isThere && (await readFile(file, 'utf8')) === text) return
    const reason = isThere ? 'the file exists and is left as it is' : fileReason(cause)
    throw new AppError({ code: 'node/key-not-written', message: `${file}: ${reason}`, cause })
  }
}

function readBundle(text: string, file: string): Bundle {
  let bundle: Partial<Bundle> | undefined
  try {
    bundle = text.length > mostBundleBytes ? undefined : JSON.parse(text)
  } catch {
    // Told below.
  }
  const { key, guard, check } = bundle ?? {}
  const isWhole =
    bundle?.format === format && [key, guard, check].every((one) => typeof one === 'string')
  const content = { key: String(key), guard: String(guard) }
  if (isWhole && check === checkOf(content) && readHex(content.guard)) return bundle as Bundle
  const message = `${file} is no whole file of a moved validator; copy it anew`
  throw new AppError({ code: 'node/no-bundle', message })
}

function checkOf({ key, guard }: Pick<Bundle, 'key' | 'guard'>): string {
  return sha256(new TextEncoder().encode(`${format}\n${key}\n${guard}`)).toHex()
}

function ifAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'node/unreadable-file', message, cause })
  }
}

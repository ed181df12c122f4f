/** Makes functions of AWS Lambda, and versions of those that are there. */

import { setTimeout as pause } from 'node:timers/promises'
import type { Lambda, Runtime } from '@aws-sdk/client-lambda'
import { AppError } from '../../base/app-error.ts'
import type { FunctionSource } from '../functions.ts'
import { zipArchive } from './zip-archive.ts'

/** What is deployed, and how patiently. */
interface LambdaPlan {
  readonly name: string
  readonly source: FunctionSource
  readonly role: string | undefined
  readonly pollMs: number
}

/** Largest archive that a request may hold; Amazon takes larger ones from S3 only. */
const maxZipBytes = 50 * 2 ** 20
/** Looks at a function that is being made ready, a second apart unless told otherwise. */
const mostLooks = 300

/** Creates the function, or changes its settings and code, and publishes a version; resolves when it takes calls. */
export async function putLambda(
  client: Lambda,
  { name, source, role, pollMs }: LambdaPlan,
): Promise<{ readonly Version?: string | undefined }> {
  const ZipFile = zipArchive(source.files)
  if (ZipFile.length > maxZipBytes) throw bad(name, `its archive has over ${maxZipBytes} bytes`)
  const { runtime, handler = 'main.handler', timeoutMs, memoryMb } = source.manifest
  if (runtime === undefined) {
    throw bad(name, 'its function.json names no "runtime", such as nodejs24.x or python3.14')
  }
  const settings = {
    ...{ FunctionName: name, Runtime: runtime as Runtime, Handler: handler },
    Timeout: Math.ceil((timeoutMs ?? 10_000) / 1_000),
    MemorySize: Math.max(128, memoryMb ?? 128),
  }
  const isThere = await client.getFunctionConfiguration({ FunctionName: name }).then(
    () => true,
    (error) => {
      if (error.name === 'ResourceNotFoundException') return false
      throw error
    },
  )
  if (isThere) {
    await client.updateFunctionConfiguration(settings)
    await untilReady(client, { name, pollMs })
    await client.updateFunctionCode({ FunctionName: name, ZipFile })
  } else {
    if (role === undefined)
      throw bad(name, 'the provider has no "role", which a new function needs')
    await client.createFunction({ ...settings, Role: role, Code: { ZipFile } })
  }
  await untilReady(client, { name, pollMs })
  return client.publishVersion({ FunctionName: name })
}

/** Waits until a function takes calls and changes; @throws AppError `workflow/bad-function` */
export async function untilReady(
  client: Lambda,
  { name, pollMs }: Pick<LambdaPlan, 'name' | 'pollMs'>,
): Promise<void> {
  for (let look = 0; look < mostLooks; look += 1) {
    const now = await client.getFunctionConfiguration({ FunctionName: name })
    const { State = 'Active', LastUpdateStatus = 'Successful' } = now
    if (State === 'Failed') throw bad(name, `it failed: ${now.StateReason}`)
    if (LastUpdateStatus === 'Failed') throw bad(name, `it failed: ${now.LastUpdateStatusReason}`)
    // An idle function is active again with its next call.
    if (State !== 'Pending' && LastUpdateStatus === 'Successful') return
    await pause(pollMs)
  }
  throw bad(name, `it was not ready after ${mostLooks} looks`)
}

function bad(name: string, reason: string): AppError {
  const message = `"${name}" cannot be deployed to AWS: ${reason}`
  return new AppError({ code: 'workflow/bad-function', message })
}

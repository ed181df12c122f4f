/** Does `run.container` by the command of a container engine that the operator names, such as `docker` or `podman`. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import { durationMs } from '../language/durations.ts'
import { WorkflowError } from '../workflow-error.ts'
import {
  type Fields,
  fieldsOf,
  invalid,
  type OutsideCall,
  optionalText,
  textOf,
  wordOf,
} from './call-fields.ts'
import type { Processes, ProcessWish } from './processes.ts'
import { type RunSettings, runAs, runSettings } from './run-settings.ts'

/** What containers may use. */
export interface ContainerOptions {
  readonly processes: Processes
  /** The engine's command; without it there are no containers. */
  readonly engine: string | undefined
}

/** Longest pause before a container is removed, in milliseconds: a day. */
const longestKeptMs = 24 * 3_600_000
/** Containers that wait for being removed. */
const maxWaiting = 256
const removeLabel = 'quantumstream.remove-at'

/**
 * `{image, name?, command?, ports?, volumes?, environment?, stdin?, arguments?, lifetime?, pullPolicy?, return?, await?}`.
 * A command is a script of the container's `/bin/sh`, whose arguments are `$1`, `$2` …; without one the arguments go to
 * what the image runs. Variables are neither on the engine's command line
 * nor in its own environment. Volumes are named ones: a folder of
 * the host would be a way out of the container.
 *
 * @see the language's reference, "Container Process" and "Container Lifetime"
 */
export function containerCall({ processes, engine }: ContainerOptions): OutsideCall {
  let waiting = 0
  return async (input, { signal }) => {
    const fields = fieldsOf(input, 'run: container')
    if (engine === undefined) throw noEngine()
    const settings = runSettings(fields, 'the container')
    const name =
      matching(fields, 'name', /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/) ??
      `quantumstream-${randomBytes(12).toString('hex')}`
    const lifetime = lifetimeOf(fields.lifetime)
    if (lifetime.afterMs !== undefined && waiting >= maxWaiting) throw tooManyWait()
    const command = [...flagsOf(fields, settings, lifetime), ...commandOf(fields, settings.args)]
    const variables = await environmentFile(settings.environment)
    const engineDoes = (...args: readonly string[]): ProcessWish => ({
      ...{ subject: 'the container', command: engine, args, env: engineEnvironment() },
      stdin: '',
    })
    const program = engineDoes('run', '--name', name, ...variables.flags, ...command)
    // The engine starts one that nobody waits for, and answers at once.
    const running = settings.awaited ? settings : ({ ...settings, ...detached } as const)
    try {
      const given = { ...program, stdin: settings.stdin }
      return { kind: 'done', output: await runAs(running, given, { processes, signal }) }
    } catch (error) {
      // The engine's command is gone; its container may not be.
      processes.tidy(engineDoes('kill', name))
      throw error
    } finally {
      await variables.remove()
      if (lifetime.afterMs !== undefined) {
        waiting += 1
        setTimeout(() => {
          waiting -= 1
          processes.tidy(engineDoes('rm', '--force', name))
        }, lifetime.afterMs).unref()
      }
    }
  }
}

const detached = { awaited: true, wish: 'none' } as const

function noEngine(): WorkflowError {
  const detail =
    'containers need an engine: the setting QS_CONTAINER_ENGINE names its command, such as docker or podman'
  return new WorkflowError({ type: 'configuration', title: 'No container engine', detail })
}

function tooManyWait(): AppError {
  const message = `${maxWaiting} containers wait for being removed, which is the limit`
  return new AppError({ code: 'workflow/processes-busy', message, retry: 'later' })
}

/** What engines need to find their configuration and their daemon, and no more. */
function engineEnvironment(): Record<string, string> {
  const names = [
    'PATH',
    'HOME',
    'XDG_RUNTIME_DIR',
    'DOCKER_HOST',
    'DOCKER_CONFIG',
    'CONTAINER_HOST',
  ]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** A file that the engine reads variables from, for its owner only; none for no variables. */
async function environmentFile(
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly flags: readonly string[]; remove(): Promise<void> }> {
  const entries = Object.entries(environment)
  const broken = entries.find(([, value]) => /[\r\n]/.test(value))
  if (broken !== undefined)
    throw invalid(`the variable "${broken[0]}" of a container has several lines`)
  if (entries.length === 0) return { flags: [], remove: async () => {} }
  const folder = await mkdtemp(path.join(tmpdir(), 'quantumstream-container-'))
  const file = path.join(folder, 'environment')
  const lines = entries.map((pair) => `${pair.join('=')}\n`)
  await writeFile(file, lines.join(''), { mode: 0o600 })
  return {
    flags: ['--env-file', file],
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

interface Lifetime {
  readonly cleanup: 'never' | 'always' | 'eventually'
  readonly afterMs: number | undefined
}

function lifetimeOf(value: Json | undefined): Lifetime {
  const fields = fieldsOf(value, 'lifetime')
  const cleanup = wordOf(fields.cleanup, ['never', 'always', 'eventually'], '"cleanup"')
  if (cleanup !== 'eventually') return { cleanup, afterMs: undefined }
  const afterMs = durationMs(fields.after ?? null)
  if (afterMs === undefined || afterMs > longestKeptMs)
    throw invalid('"after" of a lifetime is a duration of up to a day')
  return { cleanup, afterMs }
}

function flagsOf(
  fields: Fields,
  { awaited }: Pick<RunSettings, 'awaited'>,
  { cleanup, afterMs }: Lifetime,
): readonly string[] {
  const policy = wordOf(fields.pullPolicy, ['ifNotPresent', 'always', 'never'], '"pullPolicy"')
  const pull = { ifNotPresent: 'missing', always: 'always', never: 'never' }[policy]
  const pairs = (name: string, side: RegExp, flag: string) =>
    Object.entries(fieldsOf(fields[name], name)).flatMap(([from, to]) => {
      if (!side.test(from) || !/^[\w./-]+$/.test(String(to)))
        throw invalid(`"${from}: ${String(to)}" cannot be one of the ${name}`)
      return [flag, `${from}:${String(to)}`]
    })
  return [
    ...[awaited ? '--interactive' : '--detach', '--pull', pull],
    ...(cleanup === 'always' ? ['--rm'] : []),
    ...(afterMs === undefined ? [] : ['--label', `${removeLabel}=${Date.now() + afterMs}`]),
    ...pairs('ports', /^\d{1,5}$/, '--publish'),
    ...pairs('volumes', /^[a-zA-Z0-9][\w.-]*$/, '--volume'),
  ]
}

function commandOf(fields: Fields, args: readonly string[]): readonly string[] {
  textOf(fields, 'image', 'the container')
  const image = matching(fields, 'image', /^[a-zA-Z0-9][\w./:@-]{0,255}$/) ?? ''
  const command = optionalText(fields, 'command', 'the container')
  return command === undefined ? [image, ...args] : [image, '/bin/sh', '-c', command, 'sh', ...args]
}

/** A word that the engine cannot take for one of its flags. */
function matching(fields: Fields, name: string, form: RegExp): string | undefined {
  const value = optionalText(fields, name, 'the container')
  if (value === undefined || value === '') return undefined
  if (!form.test(value))
    throw invalid(`"${value.slice(0, 100)}" cannot be the ${name} of a container`)
  return value
}

/** Installs other people's packages at fixed versions outside the project. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** Runs a program to its end and gives what it printed. */
export async function runTool(
  command: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<{ readonly code: number | null; readonly output: string }> {
  const [program, ...words] = command
  const child = spawn(program, words, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

/** A folder of the cache in which these packages are installed, each as `name@version`; their scripts are not run. */
export async function installed(cache: string, packages: readonly string[]): Promise<string> {
  const folder = path.join(cache, packages.join('+').replaceAll('/', '-'))
  const done = path.join(folder, 'installed')
  if (existsSync(done)) return folder
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact']
  const { code, output } = await runTool(['npm', ...words, ...packages], { cwd: folder })
  if (code !== 0) throw new Error(`npm could not install ${packages.join(', ')}:\n${output}`)
  await writeFile(done, '')
  return folder
}

/** A module of a package that is installed in a folder. */
export async function loadFrom<T>(folder: string, specifier: string): Promise<T> {
  const require = createRequire(path.join(folder, 'package.json'))
  return import(pathToFileURL(require.resolve(specifier)).href) as Promise<T>
}

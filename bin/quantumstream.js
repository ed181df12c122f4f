#!/usr/bin/env node
// Starts the program under the Node that came with it, whichever Node the machine has.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const source = path.join(root, 'src/cli/main.ts')
const main = existsSync(source) ? source : path.join(root, 'dist/cli/main.js')

function ownNode() {
  const { resolve } = createRequire(import.meta.url)
  for (const name of [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ]) {
    try {
      return path.join(path.dirname(resolve(`${name}/package.json`)), 'bin/node')
    } catch {
      // Not installed: this platform's Node has the other name, or none is shipped for it.
    }
  }
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 26) return process.execPath
  console.error(
    `quantumstream needs Node 26 and found ${process.version}; no Node of its own is installed for ${process.platform}-${process.arch}`,
  )
  process.exit(1)
}

/** Where V8 keeps what it compiled: a command then starts in half the time. A folder that cannot be written is left alone. */
const caches = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache')
const child = spawn(ownNode(), [main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: path.join(caches, 'quantumstream'), ...process.env },
})
// A terminal sends Ctrl-C to the child too, which takes one that comes twice as one.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`cannot start ${main}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))

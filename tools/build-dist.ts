/** Writes JavaScript and declarations of src into dist, for use as an installed package. */

import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { takeNoOptions } from './command-options.ts'

takeNoOptions('usage: npm run build:dist: compiles src/ into dist/')

const root = path.join(import.meta.dirname, '..')
await rm(path.join(root, 'dist'), { recursive: true, force: true })
const compiler = path.join(root, 'node_modules/.bin/tsc')
const { status } = spawnSync(compiler, ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)

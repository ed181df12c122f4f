/** Writes the checked-in description of the API, from which a test holds it to the code. */

import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { apiDocument } from '../src/api/api.ts'
import { takeNoOptions } from './command-options.ts'

takeNoOptions('usage: npm run docs:openapi: writes docs/openapi.json from the code')

const file = path.join(import.meta.dirname, '../docs/openapi.json')
await writeFile(file, `${JSON.stringify(apiDocument(), null, 2)}\n`)
// In the form that the check wants of every JSON file.
const biome = path.join(import.meta.dirname, '../node_modules/.bin/biome')
spawnSync(biome, ['format', '--write', file], { stdio: ['ignore', 'ignore', 'inherit'] })
console.log(`written: ${file}`)

/** Writes the table of settings into the documentation, from which a test holds it to the code. */

import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { settingsPage } from '../src/node/settings-page.ts'
import { takeNoOptions } from './command-options.ts'

takeNoOptions('usage: npm run docs:settings: writes docs/settings.md from the code')

const file = path.join(import.meta.dirname, '../docs/settings.md')
await writeFile(file, settingsPage())
console.log(`written: ${file}`)

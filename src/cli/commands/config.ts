/** The command `config`: shows every setting, its value and where it comes from. */

import { showConfig } from '../../node/config.ts'
import { configOf } from '../call-config.ts'
import { type Command, everySetting } from '../command.ts'

export const configCommand: Command = {
  name: 'config',
  summary: 'Shows every setting, its value and where it comes from; secrets are left out',
  usage: '[--show] [--json]',
  details:
    'Flags come before the environment, .env, quantumstream.NAME.json (--profile NAME),\nquantumstream.json and the default. A name there is that of its flag in camelCase.',
  mostWords: 0,
  flags: [
    { name: 'show', description: 'What the command does anyway' },
    { name: 'json', description: 'Prints one JSON object' },
  ],
  settings: everySetting,
  async run(call) {
    const config = await configOf(call)
    const rows = showConfig(config)
    if (call.own.json) {
      const entries = rows.map(({ name, value, source }) => [name, { value, source }])
      console.log(JSON.stringify(Object.fromEntries(entries), null, 2))
    } else {
      for (const { name, value, source } of rows) {
        console.log(`${name} = ${value ?? '(not set)'} (${source})`)
      }
    }
    return 0
  },
}

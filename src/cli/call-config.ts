/** Reads the settings that apply to a call of a command. */

import { type Config, loadConfig } from '../node/config.ts'
import type { Call } from './command.ts'

/** Settings by flags, environment, and the files of the folder that the command was given in. */
export function configOf({ flags, own }: Call): Promise<Config> {
  return loadConfig({
    ...{ flags, environment: process.env, folder: process.cwd() },
    profile: typeof own.profile === 'string' ? own.profile : undefined,
  })
}

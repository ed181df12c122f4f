/** Writes the documentation of all settings. */

import { flagName, settingNames, settingOf } from './settings.ts'

/** The page `docs/settings.md`. */
export function settingsPage(): string {
  const rows = settingNames.map((name) => {
    const { default: value, description, env, unit, kind } = settingOf(name)
    const flag = value === true ? `--no-${flagName(name)}` : `--${flagName(name)}`
    const shown = value === undefined ? '' : `\`${value}\`${unit ? ` ${unit}` : ''}`
    return `| \`${name}\` | \`${flag}\` | \`${env}\` | ${shown} | ${kind.expected} | ${description} |`
  })
  return `# Settings

Written by \`npm run docs:settings\`. A flag comes before the environment, before \`.env\`, before \`quantumstream.NAME.json\`
(with \`--profile NAME\`), before \`quantumstream.json\`, before the default. In files a setting goes by its name. What is
unknown or ill-typed stops the start with one sentence. \`quantumstream config\` shows what holds, secrets left out.

| name | flag | environment | default | value | what it is |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

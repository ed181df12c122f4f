/** Keeps templates, and makes of them what a channel sends. */

import { z } from 'zod'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SqlStore } from '../../store/sql.ts'
import type { ChannelName, Preview, Template, Templates } from '../notification.ts'
import { asItIs, escapeDiscord, escapeHtml, escapeSlack, escapeTelegram } from './escapes.ts'
import { badTemplate, compileText, type TemplateText } from './template-text.ts'

/** Templates that can be put. */
const mostTemplates = 1_000

const text = z.string().min(1).max(20_000)
const shape = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  ...{ subject: z.string().min(1).max(1_000), text },
  ...{ html: text.optional(), slack: text.optional() },
  ...{ discord: text.optional(), telegram: text.optional() },
})

/** The member that holds a channel's own form, and how values are escaped in it. */
const forms: Partial<
  Record<ChannelName, { member: 'html' | 'slack' | 'discord' | 'telegram'; escaped: typeof asItIs }>
> = {
  email: { member: 'html', escaped: escapeHtml },
  slack: { member: 'slack', escaped: escapeSlack },
  discord: { member: 'discord', escaped: escapeDiscord },
  telegram: { member: 'telegram', escaped: escapeTelegram },
}

interface Compiled {
  readonly template: Template
  readonly texts: ReadonlyMap<string, TemplateText>
}

/**
 * Templates over a database with `servicesMigrations`.
 *
 * @param files - those that come with the workflows
 * @throws AppError `services/bad-template`
 */
export function createTemplates(files: readonly Json[], sql: SqlStore): Templates {
  const ofFiles = new Map(files.map(compiled).map((one) => [one.template.name, one]))
  const put = async (name: string) => {
    const row = await sql.get('SELECT text FROM templates WHERE name = ?', name)
    return row && compiled(JSON.parse(String(row.text)) as Json)
  }
  return {
    async list() {
      const rows = await sql.all('SELECT text FROM templates ORDER BY name')
      const all = new Map([...ofFiles].map(([name, { template }]) => [name, template]))
      for (const row of rows) {
        const template = JSON.parse(String(row.text)) as Template
        all.set(template.name, template)
      }
      return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async put(given) {
      const { template } = compiled(given)
      const written = await sql.run(
        `INSERT INTO templates (name, text) SELECT CAST(? AS TEXT), CAST(? AS TEXT)
          WHERE (SELECT count(*) FROM templates WHERE name <> ?) < ?
          ON CONFLICT (name) DO UPDATE SET text = excluded.text`,
        ...[template.name, JSON.stringify(template), template.name, mostTemplates],
      )
      if (written === 0) throw badTemplate(`there are ${mostTemplates} already`)
      return template
    },
    async remove(name) {
      if ((await sql.run('DELETE FROM templates WHERE name = ?', name)) === 0) throw unknown(name)
    },
    async render(name, channel, data) {
      const found = (await put(name)) ?? ofFiles.get(name)
      if (found === undefined) throw unknown(name)
      return rendered(found, channel, data)
    },
  }
}

function compiled(given: Json): Compiled {
  const result = shape.safeParse(given)
  if (!result.success) {
    const [issue] = result.error.issues
    throw badTemplate(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not understood'}`)
  }
  const { name: _, ...members } = result.data
  const texts = new Map<string, TemplateText>()
  for (const [member, value] of Object.entries(members)) {
    if (value !== undefined) texts.set(member, compileText(value, member))
  }
  return { template: result.data, texts }
}

function rendered({ texts }: Compiled, channel: ChannelName, data: Json): Preview {
  const plain = (member: string) => texts.get(member)?.(data, asItIs) ?? ''
  const form = forms[channel]
  const formatted = form && texts.get(form.member)?.(data, form.escaped)
  // A subject is one line: a value with a line break must not begin a header of its own.
  return { subject: plain('subject').replace(/\s+/g, ' '), text: plain('text'), formatted }
}

function unknown(name: string): AppError {
  const message = `there is no template "${name}"`
  return new AppError({ code: 'services/unknown-template', message })
}

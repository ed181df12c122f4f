/** Sets notifications up by the settings, with the templates that lie beside the workflow. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Notifications } from '../services/notification.ts'
import {
  createNotifications,
  type NotificationDependencies,
  type NotificationOptions,
  readNotificationOptions,
} from '../services/notifications.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import { sectionOf } from './setting-kinds.ts'
import type { SettingValues } from './settings.ts'

type Values = Pick<
  SettingValues,
  'notifications' | 'notifyWebhook' | 'smtp' | 'mailFrom' | 'mailTo'
>

/**
 * Notifications as the settings have them.
 *
 * @param folder - of the workflow; its `templates/NAME.json` can be used by name
 * @throws AppError `services/bad-notifications`, `services/bad-template`, `node/incomplete-mail`
 */
export async function configuredNotifications(
  values: Values,
  folder: string,
  dependencies: NotificationDependencies,
): Promise<Notifications> {
  const templates = await readTemplates(path.join(folder, 'templates'))
  return createNotifications(notificationOptions(values), { ...dependencies, templates })
}

/** The section, with the settings of one webhook and one mail server as the usual channels. */
export function notificationOptions(values: Values): NotificationOptions {
  const { notifyWebhook, smtp: url, mailFrom: from, mailTo: to } = values
  const section = readNotificationOptions(sectionOf(values.notifications), process.env)
  if (url !== undefined && (from === undefined || to === undefined)) {
    const message = 'QS_SMTP needs QS_MAIL_FROM and QS_MAIL_TO'
    throw new AppError({ code: 'node/incomplete-mail', message })
  }
  const webhook = notifyWebhook === undefined ? {} : { webhook: hookOf(notifyWebhook, section) }
  const email = url !== undefined && from !== undefined ? { email: { url, from, to } } : {}
  const usual = [...Object.keys(webhook), ...Object.keys(email)] as ('webhook' | 'email')[]
  return {
    ...{ ...section, ...webhook, ...email },
    ...(usual.length > 0 && section.default === 'outbox' ? { default: usual } : {}),
  }
}

function hookOf(url: string, { webhook }: NotificationOptions) {
  return { ...webhook, hooks: { ...webhook?.hooks, default: url } }
}

/** Has the sender look once a step that may have ordered something is on disk. */
export function wakeNotifications(notifications: Notifications, engine: WorkflowEngine): void {
  engine.subscribe(({ entry: { kind } }) => {
    if (kind === 'completed') notifications.wake()
  })
}

/** The templates of a folder, which need not be there; a file's name is that of its template. */
export async function readTemplates(folder: string): Promise<readonly Json[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw unreadable(folder, error)
  })
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const file = path.join(folder, name)
        try {
          const content = JSON.parse(await readFile(file, 'utf8')) as { [member: string]: Json }
          return { ...content, name: name.slice(0, -'.json'.length) }
        } catch (error) {
          throw unreadable(file, error)
        }
      }),
  )
}

function unreadable(file: string, cause: unknown): AppError {
  const message = `${file} cannot be read: ${fileReason(cause)}`
  return new AppError({ code: 'node/unreadable-template', message, cause })
}

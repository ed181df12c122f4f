/** Escapes text for the forms that channels have. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For HTML, in text and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (one) => entities[one] ?? one)
}

/**
 * For Slack's mrkdwn: the three characters that it names, and a zero-width space after those that format, for which it has
 * no escape.
 *
 * @see Slack, "Formatting text for app surfaces", "Escaping text"
 */
export function escapeSlack(text: string): string {
  return text
    .replace(/[&<>]/g, (one) => entities[one] ?? one)
    .replace(/[*_~`]/g, (one) => `${one}\u200b`)
}

/** For Discord's Markdown; mentions are not allowed by the message itself. */
export function escapeDiscord(text: string): string {
  return text.replace(/[\\*_~`|>#\-[\]()<:]/g, (one) => `\\${one}`)
}

/** For Telegram. @see Bot API, "MarkdownV2 style" */
export function escapeTelegram(text: string): string {
  return text.replace(/[\\_*[\]()~`>#+\-=|{}.!]/g, (one) => `\\${one}`)
}

/** As it is. */
export const asItIs = (text: string) => text

/** Decides where a search goes. */

/** The page for what somebody typed; nothing for what names no thing. */
export function destination(typed: string, workflows: readonly string[]): string | undefined {
  const text = typed.trim()
  if (/^\d{1,15}$/.test(text)) return `/blocks/${text}`
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return `/blocks/${text.toLowerCase()}`
  if (/^[0-9a-f]{32}$/.test(text)) return `/instances/${text}`
  if (/^[\w-]+:0x[0-9a-f]{64}:\d+$/.test(text)) return `/events/${encodeURIComponent(text)}`
  return workflows.includes(text) ? `/workflows/${text}` : undefined
}

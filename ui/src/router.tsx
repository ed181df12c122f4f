/** Routes by the address of the page, without reloading it. */

import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react'

const changed = 'quantumstream:navigated'

function subscribe(notify: () => void): () => void {
  const names = ['popstate', changed]
  for (const name of names) window.addEventListener(name, notify)
  return () => {
    for (const name of names) window.removeEventListener(name, notify)
  }
}

/** The present path and query. */
export function useLocation(): { readonly path: string; readonly query: URLSearchParams } {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const { pathname, searchParams } = new URL(address, 'http://console')
  return { path: pathname, query: searchParams }
}

/** Goes to another page of the console. */
export function navigate(to: string): void {
  history.pushState(null, '', to)
  window.dispatchEvent(new Event(changed))
  window.scrollTo(0, 0)
}

/** A link within the console; with a modifier key it opens as any link does. */
export function Link({ href = '/', ...rest }: AnchorHTMLAttributes<HTMLAnchorElement>) {
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    navigate(href)
  }
  return <a {...rest} href={href} onClick={onClick} />
}

/** The rest of a path behind a prefix: `match('/blocks/7', '/blocks/')` is `7`. */
export function match(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix) || path.length === prefix.length) return undefined
  try {
    return decodeURIComponent(path.slice(prefix.length))
  } catch {
    return undefined
  }
}

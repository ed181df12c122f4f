/** Serves the files of the console. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** A file as it is answered. */
export interface ConsoleFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

const security = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

const unbuilt = `<!doctype html><html lang="en"><title>QuantumStream</title>
<p>The console is not built. Run <code>npm run build --workspace ui</code> and load this page again.</p></html>`

/** Reads the console's files once: only names that were there then are ever answered. */
export async function loadConsole(
  folder: string,
): Promise<(path: string) => ConsoleFile | undefined> {
  const files = new Map<string, ConsoleFile>()
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of names) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const name = `/${path.relative(folder, file).split(path.sep).join('/')}`
    const type = mediaTypes[path.extname(name)] ?? 'application/octet-stream'
    // Vite writes a hash of the content into the names under /assets.
    const cache = name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    const headers = { ...security, 'content-type': type, 'cache-control': cache }
    files.set(name, { body: new Uint8Array(await readFile(file)), headers })
  }
  const page = files.get('/index.html') ?? {
    body: new TextEncoder().encode(unbuilt),
    headers: { ...security, 'content-type': 'text/html; charset=utf-8' },
  }
  return (asked) => files.get(asked) ?? (path.extname(asked) === '' ? page : undefined)
}

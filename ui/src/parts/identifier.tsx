/** Shows a hash, an address or an id: shortened in the middle, copied by a click. */

import { useState } from 'react'
import { Link } from '../router.tsx'
import { Icon } from './icon.tsx'

/** The first and last characters of a long text. */
export function shortened(text: string): string {
  return text.length <= 18 ? text : `${text.slice(0, 8)}…${text.slice(-6)}`
}

interface IdentifierProps {
  readonly value: string
  /** What it is, for the label of the button: "transaction". */
  readonly what: string
  readonly href?: string
}

/** An identifier with a button that copies the whole of it. */
export function Identifier({ value, what, href }: IdentifierProps) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(value)
    setCopied(true)
    setTimeout(() => setCopied(false), 1_500)
  }
  const text = <span className="mono">{shortened(value)}</span>
  return (
    <span className="identifier" title={value}>
      {href === undefined ? text : <Link href={href}>{text}</Link>}
      <button
        type="button"
        className="copy"
        onClick={copy}
        aria-label={`Copy ${what} ${shortened(value)}`}
      >
        <Icon name={copied ? 'done' : 'copy'} />
      </button>
    </span>
  )
}

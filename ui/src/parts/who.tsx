/** Asks who somebody is, for what is kept with a name; the browser remembers it. */

import { useId, useState } from 'react'

const place = 'quantumstream:who'

/** The name that was given last, and a field for it. */
export function useWho(): { readonly who: string; readonly field: React.ReactNode } {
  const [who, setWho] = useState(() => localStorage.getItem(place) ?? '')
  const id = useId()
  const change = (name: string) => {
    setWho(name)
    localStorage.setItem(place, name)
  }
  const field = (
    <div className="field inline">
      <label htmlFor={id}>Your name</label>
      <input
        id={id}
        value={who}
        maxLength={200}
        autoComplete="username"
        onChange={({ target }) => change(target.value)}
      />
      <small className="hint">is kept with what you decide</small>
    </div>
  )
  return { who: who.trim(), field }
}

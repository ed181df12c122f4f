/** Shows a time as its distance from now, with the exact one on hover. */

import { useEffect, useState } from 'react'

/** A distance in words: `12 s ago`. */
export function distance(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

/** How long until a time: `in 5 min`, or that it is over. */
export function untilText(ms: number): string {
  if (ms <= 0) return 'over'
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 120) return `in ${seconds} s`
  if (seconds < 7_200) return `in ${Math.floor(seconds / 60)} min`
  return seconds < 172_800
    ? `in ${Math.floor(seconds / 3_600)} h`
    : `in ${Math.floor(seconds / 86_400)} d`
}

/** The time now, told anew every second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const handle = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(handle)
  }, [])
  return now
}

/** A relative time. */
export function Moment({ at }: { readonly at: string }) {
  const now = useNow()
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {distance(now - Date.parse(at))}
    </time>
  )
}

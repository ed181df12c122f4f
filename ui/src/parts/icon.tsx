/** Draws the console's icons: fonts of many machines lack the characters that could stand for them. */

/** Lines on a field of 24 by 24, in the colour of the text around them. */
const shapes = {
  home: 'M4 11 12 4l8 7M6 10v10h12V10M10 20v-6h4v6',
  workflows: 'M4 8h14m-4-4 4 4-4 4M20 16H6m4-4-4 4 4 4',
  runs: 'M7 4.5v15l12-7.5z',
  functions: 'M8 5 3 12l5 7M16 5l5 7-5 7M14 4l-4 16',
  events: 'M13 3 5 14h6l-1 7 9-12h-7z',
  blocks: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  chains: 'M10 14a4 4 0 0 1 0-6l2-2a4 4 0 0 1 6 6l-1 1M14 10a4 4 0 0 1 0 6l-2 2a4 4 0 0 1-6-6l1-1',
  transactions: 'M4 12h15m-6-6 6 6-6 6M4 6v12',
  outbox: 'M3 6h18v12H3zM3 7l9 7 9-7',
  tables: 'M4 5h16v14H4zM4 10h16M10 5v14',
  records: 'M4 6h16M4 12h16M4 18h16',
  questions:
    'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.8.4-1 .9-1 1.7M12 16v1.5',
  queue: 'M4 5h16M4 10h16M4 15h10M4 20h10M18 14v6m-3-3 3 3 3-3',
  listener: 'M4 12a8 8 0 0 1 16 0M8 12a4 4 0 0 1 8 0M12 12v8',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  done: 'm4 13 5 5L20 6',
  open: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16',
  running: 'M20 12a8 8 0 1 1-8-8',
  waiting: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4h4',
  again: 'M19 5v5h-5M19 10a8 8 0 1 0 1 5',
  failed: 'M6 6l12 12M18 6 6 18',
  cancelled: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M6.5 6.5l11 11',
  back: 'M9 5 4 10l5 5M4 10h10a5 5 0 0 1 0 10h-4',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  dark: 'M19 14.5A8 8 0 0 1 9.5 5 8 8 0 1 0 19 14.5z',
} as const

export type IconName = keyof typeof shapes

/** An icon of the height of a line; what it means is said in words beside it, or by the button that holds it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">
      <path d={shapes[name]} fill="none" stroke="currentColor" strokeWidth="2" />
    </svg>
  )
}

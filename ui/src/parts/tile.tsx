/** Shows one value with what it is. */

interface TileProps {
  readonly label: string
  readonly value: string | number
  readonly tone?: 'good' | 'warn' | 'bad'
}

/** A value at a glance. */
export function Tile({ label, value, tone }: TileProps) {
  return (
    <div className={`tile ${tone ? `tone-${tone}` : ''}`}>
      <span className="tile-label">{label}</span>
      <span className="tile-value">{value}</span>
    </div>
  )
}

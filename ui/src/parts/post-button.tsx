/** A button that has the node do something. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { postJson } from '../api/client.ts'

interface PostButtonProps {
  readonly path: string
  /** Key of the questions that are asked anew. */
  readonly changes: string
  /** What it is done with, for those who do not see the table. */
  readonly of: string
  readonly children: string
}

/** Posts to a path; what went wrong stands below. */
export function PostButton({ path, changes, of, children }: PostButtonProps) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: () => postJson(path),
    onSettled: () => client.invalidateQueries({ queryKey: [changes] }),
  })
  return (
    <div>
      <button type="button" disabled={change.isPending} onClick={() => change.mutate()}>
        {children}
        <span className="visually-hidden"> {of}</span>
      </button>
      {change.error && (
        <p className="problem" role="alert">
          {change.error.message}
        </p>
      )}
    </div>
  )
}

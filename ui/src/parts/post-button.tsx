/** A button that has the node do something, if need be after it was asked once more. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { deleteThing, sendJson } from '../api/client.ts'

interface PostButtonProps {
  readonly path: string
  readonly body?: object
  /** Has the thing taken away instead. */
  readonly removes?: boolean
  readonly onDone?: () => void
  /** Keys of the questions that are asked anew. */
  readonly changes: readonly string[]
  /** What it is done with, for those who do not see what stands around it. */
  readonly of: string
  readonly children: string
  /** A question that must be answered with yes first. */
  readonly confirm?: string
  readonly disabled?: boolean
}

/** The button, and what went wrong when it was pressed. */
export function PostButton({ path, body = {}, changes, of, children, ...rest }: PostButtonProps) {
  const { confirm, disabled = false, removes = false, onDone } = rest
  const client = useQueryClient()
  const [asks, setAsks] = useState(false)
  const change = useMutation({
    mutationFn: () => (removes ? deleteThing(path) : sendJson('POST', path, body)),
    ...(onDone === undefined ? {} : { onSuccess: onDone }),
    onSettled: () =>
      Promise.all(changes.map((key) => client.invalidateQueries({ queryKey: [key] }))),
  })
  const act = () => {
    setAsks(false)
    change.mutate()
  }
  return (
    <div className="post">
      {asks && confirm !== undefined ? (
        <Confirmation question={confirm} onYes={act} onNo={() => setAsks(false)} />
      ) : (
        <button
          type="button"
          disabled={disabled || change.isPending}
          onClick={confirm === undefined ? act : () => setAsks(true)}
        >
          {children}
          <span className="visually-hidden"> {of}</span>
        </button>
      )}
      {change.error && (
        <p className="problem" role="alert">
          {change.error.message}
        </p>
      )}
    </div>
  )
}

interface ConfirmationProps {
  readonly question: string
  readonly onYes: () => void
  readonly onNo: () => void
}

function Confirmation({ question, onYes, onNo }: ConfirmationProps) {
  const no = useRef<HTMLButtonElement>(null)
  useEffect(() => no.current?.focus(), [])
  return (
    <fieldset className="confirmation">
      <legend>{question}</legend>
      <button type="button" className="danger" onClick={onYes}>
        Yes
      </button>{' '}
      <button type="button" ref={no} onClick={onNo}>
        No
      </button>
    </fieldset>
  )
}

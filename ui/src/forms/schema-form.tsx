/** A form made of a JSON Schema. */

import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { answerOf, type Field, fieldsOf, readField } from './json-schema.ts'

interface SchemaFormProps {
  readonly form: unknown
  /** Stands above the fields. */
  readonly children?: ReactNode
  readonly submit: string
  readonly label: string
  readonly disabled: boolean
  readonly onSubmit: (answer: unknown) => void
}

/** Fields, what is wrong with them, and the button that gives the answer. */
export function SchemaForm({ form, children, submit, label, disabled, onSubmit }: SchemaFormProps) {
  const fields = fieldsOf(form)
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({})
  const [isTried, setTried] = useState(false)
  const answer = answerOf(fields, texts)
  const send = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (answer !== undefined) onSubmit(answer.value)
  }
  return (
    <form onSubmit={send} aria-label={label} noValidate>
      {children}
      {fields.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          text={texts[field.name] ?? field.first}
          showsProblem={isTried || texts[field.name] !== undefined}
          onChange={(text) => setTexts({ ...texts, [field.name]: text })}
        />
      ))}
      <button type="submit" className="primary" disabled={disabled}>
        {submit}
      </button>
    </form>
  )
}

interface FieldRowProps {
  readonly field: Field
  readonly text: string
  readonly showsProblem: boolean
  readonly onChange: (text: string) => void
}

function FieldRow({ field, text, showsProblem, onChange }: FieldRowProps) {
  const id = useId()
  const reading = readField(field, text)
  const problem = showsProblem && 'problem' in reading ? reading.problem : undefined
  const aria = {
    'aria-describedby': `${id}-note`,
    'aria-invalid': problem !== undefined,
    'aria-required': field.isRequired,
  }
  return (
    <div className="field">
      <label htmlFor={id}>
        {field.label}
        {!field.isRequired && <span className="hint"> (may be left out)</span>}
      </label>
      <Control id={id} field={field} text={text} aria={aria} onChange={onChange} />
      <small id={`${id}-note`} className={problem ? 'problem' : 'hint'}>
        {problem ?? field.hint}
      </small>
    </div>
  )
}

interface ControlProps {
  readonly id: string
  readonly field: Field
  readonly text: string
  readonly aria: object
  readonly onChange: (text: string) => void
}

function Control({ id, field: { kind, choices }, text, aria, onChange }: ControlProps) {
  const given = { id, value: text, ...aria }
  if (kind === 'flag' || kind === 'choice') {
    const all =
      kind === 'flag'
        ? [
            ['true', 'yes'],
            ['false', 'no'],
          ]
        : choices.map((one, at) => [
            String(at),
            typeof one === 'string' ? one : JSON.stringify(one),
          ])
    return (
      <select {...given} onChange={({ target }) => onChange(target.value)}>
        <option value="">choose…</option>
        {all.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    )
  }
  if (kind === 'json' || kind === 'long-text') {
    return <textarea {...given} rows={4} onChange={({ target }) => onChange(target.value)} />
  }
  const mode = { number: 'decimal', whole: 'numeric', text: 'text', date: 'text' } as const
  return (
    <input
      {...given}
      type={kind === 'date' ? 'date' : 'text'}
      inputMode={mode[kind]}
      autoComplete="off"
      onChange={({ target }) => onChange(target.value)}
    />
  )
}

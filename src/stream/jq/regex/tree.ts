/** The syntax tree of regular expressions, as Oniguruma's Perl syntax gives it. */

/** Whether a code point belongs. */
export type Matches = (point: number) => boolean

export type Anchor = 'begin' | 'end' | 'end-or-newline' | 'word' | 'no-word' | 'start'

export type Tree =
  | { readonly kind: 'empty' }
  | { readonly kind: 'point'; readonly matches: Matches }
  | { readonly kind: 'sequence' | 'either'; readonly parts: readonly Tree[] }
  | {
      readonly kind: 'repeat'
      readonly body: Tree
      readonly least: number
      readonly most: number
      readonly mode: 'greedy' | 'lazy' | 'possessive'
    }
  | { readonly kind: 'group'; readonly index: number; readonly body: Tree }
  | { readonly kind: 'atomic'; readonly body: Tree }
  | {
      readonly kind: 'look'
      readonly body: Tree
      readonly behind: boolean
      readonly negative: boolean
    }
  | { readonly kind: 'anchor'; readonly anchor: Anchor }
  | {
      readonly kind: 'backreference'
      readonly groups: readonly number[]
      readonly ignoreCase: boolean
    }
  | { readonly kind: 'keep' }

/** A regular expression that was read. */
export interface Expression {
  readonly tree: Tree
  /** Names of groups, in their order; null for those without. */
  readonly names: readonly (string | null)[]
}

export const empty: Tree = { kind: 'empty' }

/** Regular expressions: answers that jq 1.6 with Oniguruma gave, and what is refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileProgram } from '../jq.ts'

const found = (expression: string, text: string, flags = 'g') => {
  const program = `match(${JSON.stringify(expression)}; "${flags}") | [.offset, .string]`
  return [...compileProgram(program)(text)]
}

test('the first way that fits is taken, by code points', () => {
  const cases: readonly (readonly [string, string, readonly unknown[], string?])[] = [
    ['(?:a|ab)(?:c|bcd)(d*)', 'abcd', [[0, 'abcd']]],
    [
      'a{2,}?',
      'aaaaa',
      [
        [0, 'aa'],
        [2, 'aa'],
      ],
    ],
    ['a*?b', 'aab', [[0, 'aab']]],
    [
      '(?>a+)b|a++c',
      'aaab aac',
      [
        [0, 'aaab'],
        [5, 'aac'],
      ],
    ],
    ['a++a', 'aaa', []],
    [
      '(?<=a)b|(?<!a)c',
      'ab ac xc',
      [
        [1, 'b'],
        [7, 'c'],
      ],
    ],
    ['(?!a).', 'aba', [[1, 'b']]],
    [
      '(.)\\1',
      'abbcc',
      [
        [1, 'bb'],
        [3, 'cc'],
      ],
    ],
    ['(?<x>.)\\k<x>', 'abb', [[1, 'bb']]],
    ['\\bfoo\\b', 'a foo, foobar', [[2, 'foo']]],
    ['本', '𝒳日本', [[2, '本']]],
    [
      '[[:alpha:]]+',
      'aé1 ß',
      [
        [0, 'aé'],
        [4, 'ß'],
      ],
    ],
    [
      '\\p{Lu}',
      'aBÉ',
      [
        [1, 'B'],
        [2, 'É'],
      ],
    ],
    [
      '[^\\W\\d]+',
      'ab1_',
      [
        [0, 'ab'],
        [3, '_'],
      ],
    ],
    ['\\Q.*\\E', 'a.*', [[1, '.*']]],
    ['a\\Kb', 'ab', [[1, 'b']]],
    ['\\R', 'a\r\nb', [[1, '\r\n']]],
    ['(?x) a b # two', 'ab', [[0, 'ab']]],
    ['(?i:a)b', 'AbAB', [[0, 'Ab']]],
    ['É', 'é', [[0, 'é']], 'i'],
    ['x?y{,2}', 'xyy', []],
    ['^b', 'a\nb', []],
    ['a$', 'b\na\n', [[2, 'a']]],
    ['a.b', 'a\nb', [], ''],
    ['a.b', 'a\nb', [[0, 'a\nb']], 'p'],
  ]
  for (const [expression, text, expected, flags] of cases) {
    assert.deepEqual(found(expression, text, flags ?? 'g'), expected, expression)
  }
})

test('what is no expression, or not supported, is an error that a program can catch', () => {
  for (const expression of [
    '(',
    ')',
    '[',
    '*a',
    '\\p{Foo}',
    '(?<a>x)\\k<b>',
    '\\g<a>',
    '\\X',
    '(?q)',
  ]) {
    assert.throws(() => found(expression, 'abc'), /Regex failure/, expression)
  }
  assert.deepEqual([...compileProgram('try test("(") catch "caught"')('a')], ['caught'])
  assert.throws(() => found('a', 'a', 'q'), /not a valid modifier/)
})

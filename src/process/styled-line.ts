/** Lines of styled text, for terminals with colors and without. */

export type Style = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red'

export interface Span {
  readonly text: string
  readonly style: Style
}
export type Line = readonly Span[]

/** Control Sequence Introducer (ECMA-48, section 5.4). */
export const CSI = '\u001B['
/** SGR parameters (ECMA-48, section 8.3.117). */
const SGR: Readonly<Record<Style, string>> = {
  plain: '', bold: '1', dim: '2', green: '32', yellow: '33', red: '31',
}

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style }
}

/** Text of a line, with colors or without. */
export function paint(line: Line, color: boolean): string {
  return line
    .map(({ text, style }) => (color && SGR[style] !== '' ? `${CSI}${SGR[style]}m${text}${CSI}0m` : text))
    .join('')
}

/** The line's first so many characters. */
export function clip(line: Line, columns: number): Line {
  let left = columns
  return line.flatMap(({ text, style }) => {
    const shown = Array.from(text).slice(0, left)
    left -= shown.length
    return shown.length === 0 ? [] : [span(shown.join(''), style)]
  })
}

/** Puts lines on a terminal, redrawn in place, or plainly one after another. */
import type { Writable } from 'node:stream'
import { CSI, paint, type Line } from '../process/styled-line.ts'

export interface Terminal {
  /** Replaces what the last call drew. */
  redraw(lines: readonly Line[]): void
  /** Leaves what was drawn, and shows the cursor again. */
  release(): void
}

export function createTerminal(out: Writable, color: boolean): Terminal {
  let drawn = 0
  return {
    redraw: (lines) => {
      // Up to the first line drawn; each line is overwritten and its rest cleared, so nothing flickers.
      const up = drawn > 0 ? `${CSI}${drawn}A` : `${CSI}?25l`
      const text = lines.map((line) => `\r${paint(line, color)}${CSI}K\n`).join('')
      out.write(`${up}${text}${CSI}J`)
      drawn = lines.length
    },
    release: () => {
      if (drawn > 0) out.write(`${CSI}?25h`)
      drawn = 0
    },
  }
}

/** A terminal taken over as a whole, and given back as it was whatever ends the process. */
import { emitKeypressEvents } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import { CSI, paint, type Line } from '../../process/styled-line.ts'

export interface FullScreen {
  size(): { readonly columns: number; readonly rows: number }
  draw(lines: readonly Line[]): void
  /** Gives the terminal back. Twice is as good as once. */
  release(): void
}

export interface ScreenEvents {
  /** As node:readline names keys; a character that has no name is its own. */
  readonly key: (name: string) => void
  readonly resize: () => void
  /** Ctrl-C, SIGTERM, SIGHUP, or the end of the input. */
  readonly end: () => void
}

/** The alternate screen, with the cursor hidden (xterm's private modes 1049 and 25). */
const ENTER = `${CSI}?1049h${CSI}?25l`
const LEAVE = `${CSI}?25h${CSI}?1049l`
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function takeScreen(input: ReadStream, output: WriteStream, color: boolean, events: ScreenEvents): FullScreen {
  let isTaken = false
  const take = (): void => {
    isTaken = true
    input.setRawMode(true)
    output.write(ENTER)
  }
  const leave = (): void => {
    if (!isTaken) return
    isTaken = false
    input.setRawMode(false)
    output.write(LEAVE)
  }
  const onKey = (text: string | undefined, key: { name?: string; ctrl?: boolean } = {}): void => {
    if (key.ctrl === true && key.name === 'c') events.end()
    else if (key.ctrl === true && key.name === 'z') {
      // As the terminal would do it, were it not in raw mode: the shell comes back, and `fg` this.
      leave()
      process.once('SIGCONT', () => {
        take()
        events.resize()
      })
      process.kill(process.pid, 'SIGSTOP')
    } else if (key.ctrl !== true) events.key(key.name ?? text ?? '')
  }
  emitKeypressEvents(input)
  input.on('keypress', onKey).on('end', events.end)
  output.on('resize', events.resize)
  for (const signal of SIGNALS) process.on(signal, events.end)
  process.on('exit', leave)
  take()
  input.resume()
  return {
    size: () => ({ columns: output.columns, rows: output.rows }),
    draw: (lines) => {
      if (!isTaken) return
      // Each line is overwritten and its rest cleared, so nothing flickers; the last one has no end to scroll.
      const text = lines.map((line) => `${paint(line, color)}${CSI}K`).join('\r\n')
      output.write(`${CSI}H${text}${CSI}J`)
    },
    release: () => {
      leave()
      input.off('keypress', onKey).off('end', events.end).pause()
      output.off('resize', events.resize)
      for (const signal of SIGNALS) process.off(signal, events.end)
      process.off('exit', leave)
    },
  }
}

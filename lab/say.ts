/** What the lab tells, in lines with their time, as the demo does. */
import { renderEvent, type Event } from '../src/demo/screen.ts'
import { paint } from '../src/process/styled-line.ts'

const color = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === ''

function write(kind: Event['kind'], text: string): void {
  process.stdout.write(`${paint(renderEvent({ atMs: Date.now(), kind, text }), color)}\n`)
}

export function say(text: string): void {
  write('tells', text)
}

/** What came true. */
export function saySuccess(text: string): void {
  write('passes', text)
}

export function sayFailure(text: string): void {
  write('fails', text)
}

/** What the service decided. */
export function sayDecision(text: string): void {
  write('decision', text)
}

/** Where log lines go: written aside, so that a full disk or a stalled reader never holds up the service. */
import { write } from 'node:fs'

export interface LogOutput {
  /** Takes a line with its end. What cannot be kept or written is lost and counted. */
  write(line: string): void
}

/** Lines that wait for a slow reader: some ten thousand. */
const MOST_WAITING_CHARACTERS = 4 * 2 ** 20
/** A pipe that is full is tried again after so long. */
const FULL_PIPE_MS = 100

/** Writes to the descriptor, one write at a time and in order; the process ends when all is written. */
export function createLogOutput(fd: number): LogOutput {
  let waiting = ''
  let isWriting = false
  let lost = 0

  const writeOn = (bytes: Buffer): void => {
    write(fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') return void setTimeout(writeOn, FULL_PIPE_MS, bytes)
      if (error !== null) lost += linesIn(bytes)
      else if (written < bytes.length) return writeOn(bytes.subarray(written))
      else if (lost > 0) {
        const told = { level: 40, time: new Date().toISOString(), lost, msg: 'log lines were lost' }
        waiting += `${JSON.stringify(told)}\n`
        lost = 0
      }
      isWriting = false
      begin()
    })
  }

  const begin = (): void => {
    if (isWriting || waiting === '') return
    isWriting = true
    const bytes = Buffer.from(waiting)
    waiting = ''
    writeOn(bytes)
  }

  return {
    write: (line) => {
      if (waiting.length + line.length > MOST_WAITING_CHARACTERS) {
        lost++
        return
      }
      waiting += line
      begin()
    },
  }
}

function linesIn(bytes: Buffer): number {
  return bytes.reduce((lines, byte) => lines + Number(byte === 10), 0)
}

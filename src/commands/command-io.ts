/** What a command has of the world it was called in. */
import type { Environment } from '../config/environment.ts'

export interface CommandIo {
  readonly env: Environment
  /** Standard output and standard error; each takes whole lines with their ends. */
  out(text: string): void
  err(text: string): void
}

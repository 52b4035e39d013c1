/** What is wrong with a gobgpd beside which overrides are to be injected. */
export interface LeakFinding {
  /** `leak`: routes could reach who must not have them. `doubt`: nothing leaks, but all is not well. */
  readonly kind: 'leak' | 'doubt'
  /** What is wrong and where: neighbor, or policy and statement. */
  readonly what: string
  /** The exact setting to change, as gobgpd's TOML has it, or the command that does it. */
  readonly remedy: string
}

/** One sentence for an operator. */
export function formatFinding({ what, remedy }: LeakFinding): string {
  return `${what}: ${remedy}`
}

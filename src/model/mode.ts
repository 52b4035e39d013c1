/**
 * What the service may do: `active` acts, `dry_run` decides all the same but sends nothing, `frozen` keeps
 * what is installed and changes nothing, `off` withdraws everything and adds nothing.
 */
export const MODES = ['active', 'dry_run', 'frozen', 'off'] as const
export type Mode = (typeof MODES)[number]

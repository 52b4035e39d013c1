/** File → checked, frozen configuration. */
import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { buildConfig } from './build-config.ts'
import { checkRelations } from './check-relations.ts'
import { checkRouters } from './check-routers.ts'
import { checkSharedExits } from './check-shared-exits.ts'
import { ConfigError, type KeyPath } from './config-error.ts'
import { readConfigTree } from './config-tree.ts'
import type { Config } from './config.ts'
import type { Environment } from './environment.ts'
import { reportIssue } from './explain-issue.ts'
import { configSchema, draftSchema } from './schema.ts'
import { messageOf } from '../model/error-message.ts'

/** Reads and checks a file. Throws ConfigError with every fault, also when the file cannot be read. */
export function loadConfig(file: string, env: Environment): Config {
  return parseConfig(readText(file), file, env)
}

/** The same for text that is already at hand; `file` names it in faults and paths. */
export function parseConfig(text: string, file: string, env: Environment): Config {
  const { value, places, readable } = readConfigTree(text, env)
  if (!readable) throw new ConfigError(file, places.faults)
  const result = configSchema.safeParse(value)
  for (const issue of result.error?.issues ?? []) reportIssue(issue, value, places)
  const draft = result.success ? result : draftSchema.safeParse(withoutIssues(value, result.error.issues))
  if (draft.success) {
    checkRouters(draft.data, places)
    checkRelations(draft.data, places)
    checkSharedExits(draft.data, places)
  }
  if (places.faults.length > 0 || !result.success) throw new ConfigError(file, places.faults)
  return buildConfig(result.data, file)
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    const reason = messageOf(error)
    const message = `cannot be read: ${reason}`
    throw new ConfigError(file, [{ line: 1, col: 1, path: '(file)', message }])
  }
}

/** A copy without what is at fault, so that the rest can be checked all the same. */
function withoutIssues(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(value)
  for (const issue of issues) {
    const path = issue.path as KeyPath
    const faulty = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
    for (const at of faulty) remove(copy, at)
  }
  return copy
}

/** Takes the key away; for an element of a list, the list: places of the others would shift. */
function remove(root: unknown, path: KeyPath): void {
  let holder: unknown = root
  let [from, key] = [holder, path[0]]
  for (const [i, step] of path.entries()) {
    if (typeof holder !== 'object' || holder === null) break
    if (!Array.isArray(holder)) [from, key] = [holder, step]
    if (i < path.length - 1) holder = (holder as Record<string | number, unknown>)[step]
  }
  if (typeof from === 'object' && from !== null && key !== undefined) {
    delete (from as Record<string | number, unknown>)[key]
  }
}

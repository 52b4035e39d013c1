/** What a request brings, read strictly: what is unknown, given twice or malformed is refused by name. */
import { z } from 'zod'
import { ApiError } from './api-error.ts'

/** The value as the schema reads it; throws ApiError 400 that names the first thing at fault. */
export function checkShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: 'parameter' | 'body',
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  throw new ApiError(400, `bad_${what}`, what === 'parameter' ? inQuery(schema, value, issue) : inBody(schema, issue))
}

function inQuery(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown parameter ${issue.keys.join(', ')}; ${hint(schema)}`
  const name = issue.path.join('.')
  const given = (value as Record<string, unknown>)[name]
  const fault =
    given === undefined ? 'is missing' : Array.isArray(given) ? 'is given more than once' : issue.message
  return `parameter ${name}: ${fault}`
}

function inBody(schema: z.ZodType, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ')}; ${hint(schema)}`
  if (issue.path.length === 0) return `send a JSON object; ${hint(schema)}`
  return `${issue.path.join('.')}: ${issue.message}`
}

function hint(schema: z.ZodType): string {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return known.length === 0 ? 'there are none here' : `known here: ${known.join(', ')}`
}

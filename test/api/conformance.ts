/** Holds answers against the OpenAPI document that the service gives of itself. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface Content {
  readonly [type: string]: { readonly schema: object }
}
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema?: { readonly enum?: readonly string[] }
  }[]
  readonly security?: readonly unknown[]
  readonly responses: Readonly<Record<string, { readonly content: Content }>>
}
export interface OpenapiDocument {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/**
 * What of an answer the document does not say, in words; undefined when all is as it says. Stricter than the
 * document: a field that it does not name is a fault.
 */
export type Conformance = (
  operation: Operation,
  answer: { readonly status: number; readonly type: string; readonly body: unknown },
) => string | undefined

export function createConformance(document: OpenapiDocument): Conformance {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  const components = { schemas: closed(document.components.schemas) }
  const compiled = new Map<object, ValidateFunction>()
  return ({ responses }, { status, type, body }) => {
    const content = (responses[status] ?? responses['default'])?.content ?? {}
    const [declared] = Object.entries(content).find(([name]) => plain(name) === plain(type)) ?? []
    if (declared === undefined) return `${status} with ${type} is not documented`
    const { schema } = content[declared]!
    let validate = compiled.get(schema)
    if (validate === undefined) {
      validate = ajv.compile({ ...(closed(schema) as object), components })
      compiled.set(schema, validate)
    }
    return validate(body) ? undefined : ajv.errorsText(validate.errors, { separator: '\n', dataVar: String(status) })
  }
}

const plain = (type: string): string => type.replace(/;.*/, '').trim()

/** Every object without further fields than those named. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  const isObject = 'properties' in inner && !('additionalProperties' in inner)
  return isObject ? { ...inner, additionalProperties: false } : inner
}

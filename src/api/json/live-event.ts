/** What a stream of events tells, in JSON. */
import { z } from 'zod'
import { MODES } from '../../model/mode.ts'
import { alarmSchema } from './alarm.ts'
import { decisionSchema } from './decision.ts'
import { interfaceSchema } from './interface.ts'
import { overrideSchema } from './override.ts'
import { count, seconds, time } from './schemas.ts'

const cycleSchema = z
  .object({
    at: time.meta({ description: 'When it began.' }),
    duration_seconds: seconds,
    mode: z.enum(MODES),
    interfaces: z.array(interfaceSchema),
    overrides: count.meta({ description: 'How many `GET /api/v1/overrides` gives.' }),
    alarms: count.meta({ description: 'How many alarms are active.' }),
  })
  .meta({ id: 'Cycle' })

const alarmChangeSchema = alarmSchema.extend({ state: z.enum(['begun', 'ended']) }).meta({ id: 'AlarmChange' })

export const liveEventSchema = z
  .discriminatedUnion('event', [
    z.object({ event: z.literal('cycle'), data: cycleSchema }),
    z.object({ event: z.literal('override_added'), data: overrideSchema }),
    z.object({ event: z.literal('override_withdrawn'), data: overrideSchema }),
    z.object({ event: z.literal('decision'), data: decisionSchema }),
    z.object({ event: z.literal('alarm'), data: alarmChangeSchema }),
  ])
  .meta({ id: 'LiveEvent', description: 'An event as it is dispatched, its `data` read as JSON.' })

export type LiveEvent = z.input<typeof liveEventSchema>

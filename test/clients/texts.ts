/** What the client suites ask. */
import { z } from 'zod';

export const ONE_CITY = 'What is the weather in Paris?';
export const TWO_CITIES = 'What is the weather in Paris and Oslo?';
/** One transparent PNG pixel. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
export const WEATHER_PARAMETERS = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
export const City = z.object({ city: z.string() });
export const Weather = z.object({ city: z.string(), celsius: z.number(), sunny: z.boolean() });

export function weatherSchema(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(Weather);
  return schema;
}

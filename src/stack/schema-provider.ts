/** The shape of a provider as people write it: part of `schema.ts`. */
import { z } from 'zod';
import { DATA_CLASSES } from '../core/protocol.ts';
import { passThroughSchema } from './pass-through.ts';

export const dataClassSchema = z
  .enum(DATA_CLASSES as ['public', 'internal', 'confidential', 'restricted'])
  .describe('How sensitive the data is, least to most.');

export const secretRefSchema = z.union([
  z.strictObject({ env: z.string().min(1).describe('Environment variable that holds the secret.') }),
  z.strictObject({
    file: z
      .string()
      .min(1)
      .describe(
        'File that holds the secret; the last line break is left out. `$NAME`: the file whose path is in that environment variable.',
      ),
  }),
]);

export const dataPolicySchema = z.strictObject({
  party: z
    .enum(['own', 'private', 'third'])
    .nullable()
    .optional()
    .describe(
      "Whose machine the data reaches; `private`: a vendor's model in your own cloud account. Not declared and not known: nothing may be sent.",
    ),
  allow: z
    .array(dataClassSchema)
    .optional()
    .describe(
      'Data classes that may be sent. Default: own = all; private = all but restricted; third = public and internal. `restricted` never goes to a third party.',
    ),
  regions: z.array(z.string().min(1)).optional().describe('Where the vendor handles the data, e.g. `eu`.'),
  retentionDays: z.number().min(0).nullable().optional().describe('Days the vendor keeps inputs.'),
  trainsOnData: z.boolean().nullable().optional().describe('Whether the vendor trains on inputs.'),
});

export const providerSchema = z.strictObject({
  type: z
    .string()
    .min(1)
    .optional()
    .describe("The provider type. Default: the entry's name, when that is a type."),
  baseUrl: z
    .string()
    .nullable()
    .optional()
    .describe("Origin and path prefix, e.g. `http://10.0.0.5:8000/v1`. Default: the type's own."),
  apiKey: secretRefSchema
    .nullable()
    .optional()
    .describe(
      "The credential, by reference. Default: the type's own environment variable; `null`: none is sent.",
    ),
  credentials: z
    .record(z.string(), secretRefSchema)
    .optional()
    .describe('Secrets besides the key that this type takes, by reference: access keys, a key file.'),
  headers: z
    .record(z.string(), z.union([z.string(), secretRefSchema]))
    .optional()
    .describe('Extra request headers. Credentials by reference.'),
  default: z
    .boolean()
    .optional()
    .describe('Takes model names that no other provider, or more than one, offers. Default false.'),
  passThrough: passThroughSchema.optional(),
  dataPolicy: dataPolicySchema
    .optional()
    .describe('What may be sent there, and what the vendor does with it.'),
  options: z.record(z.string(), z.unknown()).optional().describe('Settings only this type knows.'),
});

export type ProviderInput = z.output<typeof providerSchema>;

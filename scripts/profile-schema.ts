/** Writes `profile.schema.json`, the JSON Schema of profile files; a test compares it. */
import { writeFileSync } from 'node:fs';
import { profileJsonSchemaText } from '../src/advisor/profile/schema.ts';

writeFileSync(new URL('../profile.schema.json', import.meta.url), profileJsonSchemaText());

/** Parsed JSON of a vendor, read with care: nothing about its shape is taken for granted. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or `undefined` when the value is something else. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A count: a finite number from 0 up; `undefined` for anything else, because unknown is not zero. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The object that the bytes spell, or `undefined`. */
export function readObject(bytes: Buffer | string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

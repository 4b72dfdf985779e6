/** The OpenAI Responses protocol: read here, translated over chat where a deployment does not speak it. */
import { encodeErrorEvent } from './error-event.ts';
import { parseResponses } from './parse.ts';

export { openOverChat } from './over-chat.ts';

/** Errors before a stream begins have the shape all OpenAI protocols share. */
export const codec = { parse: parseResponses, encodeErrorEvent };

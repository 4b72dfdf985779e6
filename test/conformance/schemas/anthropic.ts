/** What of the official `@anthropic-ai/sdk` types the schema is made of: `node scripts/vendor-schemas.ts`. */
import type {
  Message,
  MessageTokensCount,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages';
import type { ErrorResponse } from '@anthropic-ai/sdk/resources/shared';

export interface Roots {
  messages: Message;
  messagesEvent: RawMessageStreamEvent;
  count: MessageTokensCount;
  error: ErrorResponse;
}

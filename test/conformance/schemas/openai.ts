/** What of the official `openai` SDK's types the schema is made of: `node scripts/vendor-schemas.ts`. */
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { CreateEmbeddingResponse } from 'openai/resources/embeddings';
import type { Model } from 'openai/resources/models';
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ErrorObject } from 'openai/resources/shared';

export interface Roots {
  chat: ChatCompletion;
  chatEvent: ChatCompletionChunk;
  embeddings: CreateEmbeddingResponse;
  models: { object: 'list'; data: Model[] };
  error: { error: ErrorObject };
  responses: Response;
  responsesEvent: ResponseStreamEvent;
}

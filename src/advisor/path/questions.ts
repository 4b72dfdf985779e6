/** The four questions of the decision path, as the article asks and answers them (section 6). */
import type { QuestionId } from '../advice.ts';

export const QUESTIONS: Readonly<Record<QuestionId, { text: string; ifYes: string; ifNo: string }>> = {
  'third-party': {
    text: 'Is sending data to a third-party model strictly forbidden?',
    ifYes: 'start with self-hosted / private-cloud models (open-source or vendor-managed)',
    ifNo: 'go to step 2',
  },
  validating: {
    text: 'Are you pre-MVP or still validating user value?',
    ifYes: 'start API-first, design for swappability',
    ifNo: 'go to step 3',
  },
  painful: {
    text: 'Is your projected usage large enough that API costs will become painful soon?',
    ifYes: 'explore hybrid: open-source for common paths, API for hard cases',
    ifNo: 'stay with APIs and optimize prompts, caching, and calling patterns',
  },
  failures: {
    text: 'Are we seeing systematic failures a better model won’t easily fix?',
    ifYes: 'consider fine-tuning (API-based first, then self-hosted if needed)',
    ifNo: 'invest more in RAG, UX, and evaluation before fine-tuning',
  },
};

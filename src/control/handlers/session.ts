import { z } from 'zod';
import { sessionAnswer } from '../answers.ts';
import type { SessionAnswer } from '../api-types.ts';
import { defineRoute, type Route } from '../route.ts';

const signInBody = z.strictObject({ token: z.string().min(1).max(500).describe('The admin token.') });

export const sessionRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/session',
    summary: 'Whether the caller is signed in',
    access: 'open',
    answer: { status: 200, schema: sessionAnswer },
    async handle({ request }, { signIn }): Promise<SessionAnswer> {
      return { signedIn: signIn.isSignedIn(request) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/session',
    summary: 'Sign in with the admin token: sets a session cookie',
    access: 'open',
    body: signInBody,
    answer: { status: 200, schema: sessionAnswer },
    async handle({ body, request }, { signIn }) {
      const answer: SessionAnswer = { signedIn: true };
      return Response.json(answer, { headers: { 'set-cookie': signIn.signIn(body.token, request) } });
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/session',
    summary: 'Sign out: ends the session everywhere',
    answer: { status: 200, schema: sessionAnswer },
    async handle({ request }, { signIn }) {
      const answer: SessionAnswer = { signedIn: false };
      return Response.json(answer, { headers: { 'set-cookie': await signIn.signOut(request) } });
    },
  }),
];

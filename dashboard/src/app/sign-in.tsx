import './sign-in.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { SessionAnswer } from '../../../src/control/api-types.ts';
import { ApiFailure, request } from '../data/api.ts';
import { Code } from '../parts/code.tsx';

/** One field: the admin token. Says where it is, because nobody remembers. */
export function SignIn() {
  const [token, setToken] = useState('');
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: () => request<SessionAnswer>('POST', '/api/v1/session', { body: { token: token.trim() } }),
    onSuccess: (answer) => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
      client.setQueryData(['session'], answer);
    },
  });
  return (
    <main className="sign-in">
      <div>
        <p className="brand">
          <img src="/mark.svg" alt="" /> Trimtab
        </p>
        <h1 className="headline">Sign in with the admin token.</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate();
          }}
        >
          <label className="field">
            <span>Admin token</span>
            <input
              className="input"
              type="password"
              name="token"
              autoComplete="current-password"
              // biome-ignore lint/a11y/noAutofocus: the page is this one field
              autoFocus
              spellCheck={false}
              value={token}
              onChange={(event) => setToken(event.target.value)}
              aria-invalid={signIn.isError}
              aria-describedby="sign-in-error"
            />
          </label>
          <p id="sign-in-error" className="form-error" aria-live="polite">
            {signIn.error && explain(signIn.error)}
          </p>
          <button type="submit" className="button primary" disabled={token.trim() === '' || signIn.isPending}>
            {signIn.isPending ? 'Signing in' : 'Sign in'}
          </button>
        </form>
        <section className="where" aria-label="Where the token is">
          <p>It was printed once, on the terminal, when this server first started.</p>
          <p>Lost? Choose one and start the server with it:</p>
          <Code
            text="TRIMTAB_ADMIN_TOKEN=choose-a-long-one npm start"
            what="the command that sets the admin token"
          />
        </section>
      </div>
    </main>
  );
}

function explain(error: Error): string {
  if (!(error instanceof ApiFailure)) return error.message;
  if (error.code === 'not_signed_in') return 'That is not the token this server knows.';
  return `${error.message} ${error.advice}`;
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { StatusAnswer } from '../../../src/control/api-types.ts';
import { useStatus } from '../data/queries.ts';
import type { Scope } from '../data/scope.ts';
import { Code } from './code.tsx';
import { PageHead } from './page.tsx';

/** A first call by hand, against the server this page came from. */
export function firstCall(url: string, sandboxOnly: boolean): string {
  return `curl ${url}/v1/chat/completions \\
  -H "authorization: Bearer $TRIMTAB_KEY" \\
  -H "content-type: application/json" \\
  -d '{"model": "${sandboxOnly ? 'sandbox/small' : 'provider/model'}", "user": "ada",
       "messages": [{"role": "user", "content": "Say hello"}]}'`;
}

/** No calls yet, or none in this stretch: what to do about it. */
export function NoCalls({ name, scope }: { name: string; scope: Scope }) {
  const { data: status } = useStatus();
  const presence = status?.presence;
  const any = scope.sandbox ? presence?.sandbox : presence?.real;
  if (any) {
    return (
      <PageHead name={name} note={<WiderLink />}>
        No {scope.sandbox ? 'sandbox ' : ''}calls in {scope.words}.
      </PageHead>
    );
  }
  return (
    <>
      <PageHead name={name}>
        {scope.sandbox || !presence?.sandbox
          ? 'No calls yet. The first one shows up here a moment after it is made.'
          : 'No real calls yet: everything so far went to the sandbox.'}
      </PageHead>
      {status && <FirstSteps status={status} />}
    </>
  );
}

function WiderLink(): ReactNode {
  return (
    <Link
      to="."
      search={(before: Record<string, unknown>) => ({ ...before, range: '90d' }) as never}
      className="link"
    >
      Look at the last 90 days
    </Link>
  );
}

function FirstSteps({ status }: { status: StatusAnswer }) {
  const url = status.url ?? location.origin;
  return (
    <div className="teach prose">
      <ol>
        <li>
          <h3>Make a call</h3>
          <p className="note">
            A key was printed when the server first started; <Link to="/keys">make another</Link> if it is
            gone.
          </p>
          <Code text={firstCall(url, status.sandboxOnly)} what="a first call by curl" />
        </li>
        <li>
          <h3>Or run the example</h3>
          <p className="note">
            A small support desk: it sorts real customer messages and drafts replies for several users.
          </p>
          <Code text="npm run example" what="the example command" />
        </li>
        <li>
          <h3>Or point an app here</h3>
          <p className="note">An OpenAI app needs two changes.</p>
          <Code
            text={`new OpenAI({ baseURL: '${url}/v1', apiKey: process.env.TRIMTAB_KEY })`}
            what="the two changes in an app"
          />
        </li>
      </ol>
    </div>
  );
}

/** The two lines that send feedback. */
export function FeedbackLines() {
  const { data: status } = useStatus();
  const url = status?.url ?? location.origin;
  return (
    <Code
      what="the code that sends feedback"
      text={`const { data, response } = await openai.chat.completions.create({ ... }).withResponse()
await fetch('${url}/v1/feedback', { method: 'POST', headers: { authorization: \`Bearer \${key}\`, 'content-type': 'application/json' },
  body: JSON.stringify({ call_id: response.headers.get('x-trimtab-call-id'), score: 1 }) })`}
    />
  );
}

import './look/tokens.css';
import './look/base.css';
import './look/shell.css';
import './look/parts.css';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './app/router.tsx';
import { ApiFailure } from './data/api.ts';
import { repairLanguage } from './look/language.ts';

repairLanguage();

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // A session that ended anywhere shows the sign-in page at once; the address stays, so work goes on after it.
      if (error instanceof ApiFailure && error.code === 'not_signed_in' && query.queryKey[0] !== 'session') {
        client.setQueryData(['session'], { signedIn: false });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // The server may be on this machine: it is there even when the network is not.
      networkMode: 'always',
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiFailure && error.status >= 400 && error.status < 500),
    },
  },
});

// After an upgrade an open page asks for chunks that are gone: load the new version, but not in a circle.
addEventListener('vite:preloadError', () => {
  const last = Number(sessionStorage.getItem('trimtab.reloaded') ?? 0);
  if (Date.now() - last < 30_000) return;
  sessionStorage.setItem('trimtab.reloaded', String(Date.now()));
  location.reload();
});

const root = document.getElementById('app');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

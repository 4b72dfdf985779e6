import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiFailure, request } from '../data/api.ts';
import { useSession, useStack, useStatus } from '../data/queries.ts';
import { useScope } from '../data/scope.ts';
import { nameSeries } from '../look/series.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Failure, PageSkeleton } from '../parts/page.tsx';
import { formatBytes, formatCount } from '../words/format.ts';
import { Banners } from './banners.tsx';
import { Palette } from './palette.tsx';
import { EnvironmentSwitch, RangePicker } from './range-picker.tsx';
import { SignIn } from './sign-in.tsx';

interface Place {
  to:
    | '/'
    | '/tasks'
    | '/stack'
    | '/batches'
    | '/calls'
    | '/costs'
    | '/feedback'
    | '/advisor'
    | '/portfolio'
    | '/roadmap'
    | '/keys';
  name: string;
  icon: IconName;
}

/** The groups of the loop; a page that does not exist is not here. */
const LOOP: { group: string; places: Place[] }[] = [
  {
    group: 'Serve',
    places: [
      { to: '/', name: 'Overview', icon: 'overview' },
      { to: '/tasks', name: 'Tasks', icon: 'tasks' },
      { to: '/stack', name: 'Stack', icon: 'stack' },
      { to: '/batches', name: 'Batches', icon: 'batches' },
    ],
  },
  {
    group: 'Record',
    places: [
      { to: '/calls', name: 'Calls', icon: 'calls' },
      { to: '/costs', name: 'Costs', icon: 'costs' },
      { to: '/feedback', name: 'Feedback', icon: 'feedback' },
    ],
  },
  {
    group: 'Decide',
    places: [
      { to: '/advisor', name: 'Advisor', icon: 'advisor' },
      { to: '/portfolio', name: 'Portfolio', icon: 'portfolio' },
      { to: '/roadmap', name: 'Roadmap', icon: 'roadmap' },
    ],
  },
];
const FOOT: Place[] = [{ to: '/keys', name: 'Keys', icon: 'keys' }];

/** Decides between the sign-in page and the dashboard; the address stays either way. */
export function Shell() {
  const session = useSession();
  if (session.data?.signedIn) return <SignedIn />;
  if (session.data) return <SignIn />;
  if (session.error) {
    const away = session.error instanceof ApiFailure && session.error.code === 'server_away';
    return (
      <main className="main">
        <Failure error={session.error} {...(away ? {} : { retry: () => void session.refetch() })} />
      </main>
    );
  }
  return (
    <main className="main">
      <PageSkeleton name="Trimtab" />
    </main>
  );
}

function SignedIn() {
  const scope = useScope();
  const stack = useStack();
  // Colours are given out before anything is drawn in them; a server whose stack cannot be read is drawn all the same.
  if (stack.data) nameSeries(stack.data.deployments.map(({ name }) => name));
  return (
    <div className="shell" data-env={scope.env}>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      {scope.sandbox && <div className="env-strip hatched" aria-hidden="true" />}
      <Rail />
      <TopBar />
      <main className="main" id="main" tabIndex={-1}>
        <Banners />
        {stack.isPending ? <PageSkeleton name="Trimtab" /> : <Outlet />}
      </main>
    </div>
  );
}

function Rail() {
  const { data: status } = useStatus();
  const { pathname } = useLocation();
  // On a phone the rail is wider than the screen: the page one is on stands in sight.
  useEffect(() => {
    const places = [...document.querySelectorAll<HTMLAnchorElement>('.rail .place')];
    const current = places.findLast((place) => pathname.startsWith(place.pathname));
    current?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [pathname]);
  return (
    <nav className="rail" aria-label="Pages">
      <Link to="/" className="brand">
        <img src="/mark.svg" alt="" /> Trimtab
      </Link>
      {LOOP.map(({ group, places }) => (
        <div className="group" key={group}>
          <h2>{group}</h2>
          <Places places={places} />
        </div>
      ))}
      <div className="foot">
        <Places places={FOOT} />
      </div>
      <p className="about">
        {status && (
          <>
            {formatCount(status.storage.calls)} calls kept, {formatBytes(status.storage.bytes)}
            <br />
            {status.engine}, version {status.version}
          </>
        )}
      </p>
    </nav>
  );
}

function Places({ places }: { places: Place[] }) {
  return (
    <ul>
      {places.map(({ to, name, icon }) => (
        <li key={to}>
          <Link
            to={to}
            className="place"
            activeOptions={{ exact: to === '/', includeSearch: false }}
            activeProps={{ 'aria-current': 'page' }}
          >
            <Icon name={icon} /> {name}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function TopBar() {
  const [searching, setSearching] = useState(false);
  const client = useQueryClient();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof Element && event.target.closest('input, textarea, select, dialog');
      const command = (event.metaKey || event.ctrlKey) && event.key === 'k';
      if (!command && (event.key !== '/' || typing)) return;
      event.preventDefault();
      setSearching(true);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const signOut = async (): Promise<void> => {
    await request('DELETE', '/api/v1/session').catch(() => undefined);
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
    client.setQueryData(['session'], { signedIn: false });
  };
  return (
    <header className="topbar">
      <RangePicker />
      <EnvironmentSwitch />
      <span className="gap" />
      <button
        type="button"
        className="button search-button"
        onClick={() => setSearching(true)}
        aria-label="Search for a task, deployment, call or user"
        aria-keyshortcuts="/ Meta+K Control+K"
      >
        <Icon name="search" />
        <span>Jump to</span>
        <kbd>/</kbd>
      </button>
      <button
        type="button"
        className="button quiet"
        onClick={() => void signOut()}
        aria-label="Sign out"
        title="Sign out"
      >
        <Icon name="out" />
      </button>
      {searching && <Palette onClose={() => setSearching(false)} />}
    </header>
  );
}

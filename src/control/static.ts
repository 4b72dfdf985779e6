import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../core/log.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
};

/** Precompressed siblings, best first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS = {
  'content-security-policy': CSP,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

export interface AssetsOptions {
  /** Where the built dashboard may be, first that exists wins. Default: {@link dashboardFolders}. */
  folders?: readonly string[];
  /** Folder of the source tree to build the dashboard in when it is not built; `null`: never build. */
  sourceRoot?: string | null;
  logger: Logger;
}

/** The dashboard's files. */
export interface Assets {
  serve(request: Request): Promise<Response>;
  /** Ends a build under way. */
  close(): void;
}

/** In the published package beside this folder, in the source tree where Vite writes it. */
export function dashboardFolders(): string[] {
  return ['../dashboard', '../../dashboard/dist'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
}

/** The source tree's root when this file runs from one; `null` in the published package. */
export function findSourceRoot(): string | null {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return existsSync(join(root, 'dashboard', 'vite.config.ts')) ? root : null;
}

/**
 * Serves the built dashboard: hashed files for good, `index.html` for every client route. When it is not built yet it
 * starts the build (source tree only) and answers a small page that says so and refreshes itself.
 */
export function createAssets(options: AssetsOptions): Assets {
  const folders = options.folders ?? dashboardFolders();
  const sourceRoot = options.sourceRoot === undefined ? findSourceRoot() : options.sourceRoot;
  let build: ChildProcess | undefined;
  let failed = false;

  return {
    async serve(request) {
      const folder = folders.find((path) => existsSync(join(path, 'index.html')));
      if (folder !== undefined) return serveFrom(folder, request);
      if (new URL(request.url).pathname.startsWith('/assets/')) return new Response(null, { status: 404 });
      startBuild();
      return buildingPage(build !== undefined && !failed);
    },
    close: () => build?.kill(),
  };

  function startBuild(): void {
    if (build || failed || sourceRoot === null) return;
    const vite = join(sourceRoot, 'node_modules', 'vite', 'bin', 'vite.js');
    if (!existsSync(vite)) return;
    options.logger.info({}, 'building the dashboard');
    build = spawn(process.execPath, [vite, 'build', 'dashboard', '--logLevel', 'error'], {
      cwd: sourceRoot,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let trouble = '';
    build.stderr?.on('data', (bytes: Buffer) => {
      trouble = (trouble + bytes.toString()).slice(-4000);
    });
    build.once('error', (error) => {
      failed = true;
      options.logger.error({ error: error.message }, 'the dashboard build did not start');
    });
    build.once('exit', (code) => {
      build = undefined;
      if (code === 0) return;
      failed = true;
      options.logger.error({ code, output: trouble }, 'the dashboard build failed: npm run build:dashboard');
    });
  }
}

async function serveFrom(folder: string, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const file = toFile(folder, pathname);
  const hashed = pathname.startsWith('/assets/');
  if (file !== null && extname(file) !== '' && existsSync(file)) {
    return fileResponse(file, request, hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  }
  if (hashed || TYPES[extname(pathname)] !== undefined)
    return new Response(null, { status: 404, headers: SECURITY_HEADERS });
  return fileResponse(join(folder, 'index.html'), request, 'no-cache');
}

/** The file a path names inside `folder`; `null` when it leaves it. */
function toFile(folder: string, pathname: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const file = normalize(join(folder, decoded));
  return file.startsWith(folder.endsWith(sep) ? folder : folder + sep) ? file : null;
}

async function fileResponse(file: string, request: Request, cacheControl: string): Promise<Response> {
  const accepted = (request.headers.get('accept-encoding') ?? '').split(',').map((part) => part.trim());
  const packed = ENCODINGS.find(([name, suffix]) => accepted.includes(name) && existsSync(file + suffix));
  const bytes = await readFile(packed ? file + packed[1] : file);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const headers: Record<string, string> = {
    ...SECURITY_HEADERS,
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'cache-control': cacheControl,
    vary: 'accept-encoding',
    etag,
    ...(packed ? { 'content-encoding': packed[0] } : {}),
  };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(request.method === 'HEAD' ? null : bytes, { headers });
}

const PAGE_STYLE = 'body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}';

function buildingPage(building: boolean): Response {
  const [title, text, refresh] = building
    ? [
        'Building the dashboard',
        'This takes a few seconds the first time. The page opens by itself.',
        '<meta http-equiv="refresh" content="2">',
      ]
    : [
        'The dashboard is not built',
        'Run <code>npm run build:dashboard</code>, then load this page again.',
        '',
      ];
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<meta name="viewport" content="width=device-width">
<title>${title} - Trimtab</title><style>${PAGE_STYLE}</style></head><body><h1>${title}</h1><p>${text}</p>
<p>Calls are served all the while.</p></body></html>`;
  const styleHash = createHash('sha256').update(PAGE_STYLE).digest('base64');
  return new Response(html, {
    status: 503,
    headers: {
      ...SECURITY_HEADERS,
      'content-security-policy': CSP.replace("style-src 'self'", `style-src 'sha256-${styleHash}'`),
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '2',
    },
  });
}

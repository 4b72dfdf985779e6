/** Which operation of a vendor's own API a request asks for. */
import { TrimtabError } from '../../core/error.ts';
import { type Operation, operationsAt } from '../../protocols/operations.ts';
import type { GatewayRequest } from '../gateway.ts';
import type { GatewayState, Serving } from '../state.ts';

const PROVIDERS = '/providers/';
const BELOW_PROVIDER = /^\/providers\/([^/]+)(\/v1(?:\/.*)?)$/;

/** The same request, its path below the provider whose base URL it was sent to. */
export function belowProvider(request: GatewayRequest): GatewayRequest {
  if (!request.path.startsWith(PROVIDERS)) return request;
  const match = BELOW_PROVIDER.exec(request.path);
  if (!match?.[1] || !match[2]) return request;
  return { ...request, path: match[2], provider: decodeName(match[1]) };
}

export function isBelowProvider(path: string): boolean {
  return BELOW_PROVIDER.test(path);
}

/** Methods of the operations at this path, for this way in. */
export function methodsOfOperations(request: GatewayRequest): string[] {
  return [...new Set(operationsFor(request).map(({ method }) => method))];
}

/** `undefined`: there is none. Of two vendors' words the one is meant that the named provider speaks. */
export function findOperation({ serving }: GatewayState, request: GatewayRequest): Operation | undefined {
  const found = operationsFor(request).filter(({ method }) => method === request.method);
  const wire = serving.providers.get(request.provider ?? '')?.own?.wire;
  return found.find((operation) => operation.wire === wire) ?? found[0];
}

/** Bodies that are sent on as they come: those a model is not read from, and forms. */
export function streamsOperation(request: Pick<GatewayRequest, 'method' | 'path' | 'headers'>): boolean {
  if (request.method !== 'POST') return false;
  const { path, provider } = belowProvider({ ...request, body: NO_BODY });
  return operationsAt(path).some(
    ({ method, model, atRoot }) =>
      method === 'POST' &&
      (atRoot || provider !== undefined) &&
      (model === null || (model !== 'json' && isForm(request.headers))),
  );
}

export function isForm(headers: GatewayRequest['headers']): boolean {
  return /^multipart\/form-data\b/i.test(String(headers['content-type'] ?? ''));
}

/** Providers whose keys may use it, by name. */
export function carriers({ providers }: Serving, { wire, group }: Operation): string[] {
  return [...providers]
    .filter(([, { own, connection }]) => connection?.openOwn && own?.wire === wire && own.groups.has(group))
    .map(([name]) => name);
}

/**
 * The provider that a request without a model is for: the only one that carries the operation, else the one marked
 * default. Throws operation_not_carried, ambiguous_provider.
 */
export function chooseCarrier(serving: Serving, operation: Operation): string {
  const names = carriers(serving, operation);
  const [only] = names;
  if (only === undefined) throw notCarried(serving, operation);
  if (names.length === 1) return only;
  const fallback = names.find((name) => serving.providers.get(name)?.config.default);
  if (fallback !== undefined) return fallback;
  throw new TrimtabError(
    'ambiguous_provider',
    `More than one provider carries \`${operation.name}\`: ${names.join(', ')}. Name one in \`x-trimtab-provider\`, or send the request to \`/providers/${only}/v1\`.`,
  );
}

/** Says which providers could, were it in their `passThrough`. */
function notCarried({ providers }: Serving, { name, wire, group }: Operation): TrimtabError {
  const able = [...providers].filter(([, { own }]) => own?.wire === wire).map(([provider]) => provider);
  const advice =
    able.length === 0
      ? 'No provider of this stack speaks that API.'
      : `Add "${group}" to the \`passThrough\` of a provider that has it: ${able.join(', ')}.`;
  return new TrimtabError('operation_not_carried', `No provider carries \`${name}\`. ${advice}`);
}

const NO_BODY = Buffer.alloc(0);

function operationsFor({ path, provider }: GatewayRequest): Operation[] {
  return operationsAt(path).filter(({ atRoot }) => atRoot || provider !== undefined);
}

/** A name in a path, its escapes read; as it stands where they are none. */
export function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Every path of a vendor's own API that is passed on, as data. What does not stand here is not found: deny by default.
 * After https://platform.openai.com/docs/api-reference and https://platform.claude.com/docs/en/api, as known 2026-11-25.
 */
import { keepsNothing, type OperationGroup, type OwnWire } from '../core/operation.ts';

export interface Operation {
  /** `POST /v1/fine_tuning/jobs/{id}/cancel`. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly wire: OwnWire;
  readonly group: OperationGroup;
  /** Where the model stands: a member of a JSON body, a field of a form, either by the content type; `null`: nowhere. */
  readonly model: 'json' | 'form' | 'either' | null;
  /** Served below `/v1` as well, not only below `/providers/<name>/v1`. */
  readonly atRoot: boolean;
  /** A model works for it: what it used is asked for. Anything else costs nothing. */
  readonly usesModel: boolean;
  /** May be sent again where it is not known whether it was done: it reads, or leaves nothing behind. */
  readonly repeatable: boolean;
}

type Options = Partial<Pick<Operation, 'model' | 'atRoot' | 'usesModel'>>;
type Row = readonly [name: string, options?: Options];

const NO_MODEL: Options = { usesModel: false };
/** The account's own files and batches: the paths at the root are ours. */
const BELOW_PROVIDER: Options = { atRoot: false };
const FILES: Options = { ...BELOW_PROVIDER, usesModel: false };

const CHAT: Readonly<Record<OperationGroup, readonly Row[]>> = {
  completions: [['POST /v1/completions', { model: 'json' }]],
  images: [
    ['POST /v1/images/generations', { model: 'json' }],
    ['POST /v1/images/edits', { model: 'either' }],
    ['POST /v1/images/variations', { model: 'form' }],
  ],
  audio: [
    ['POST /v1/audio/speech', { model: 'json' }],
    ['POST /v1/audio/transcriptions', { model: 'form' }],
    ['POST /v1/audio/translations', { model: 'form' }],
  ],
  moderations: [['POST /v1/moderations', { model: 'json' }]],
  fineTuning: [
    ['POST /v1/fine_tuning/jobs', { model: 'json' }],
    ['GET /v1/fine_tuning/jobs'],
    ['GET /v1/fine_tuning/jobs/{id}'],
    ['POST /v1/fine_tuning/jobs/{id}/cancel', NO_MODEL],
    ['POST /v1/fine_tuning/jobs/{id}/pause', NO_MODEL],
    ['POST /v1/fine_tuning/jobs/{id}/resume', NO_MODEL],
    ['GET /v1/fine_tuning/jobs/{id}/events'],
    ['GET /v1/fine_tuning/jobs/{id}/checkpoints'],
  ],
  // What an upload makes is a file of the vendor's.
  uploads: [
    ['POST /v1/uploads', FILES],
    ['POST /v1/uploads/{id}/parts', FILES],
    ['POST /v1/uploads/{id}/complete', FILES],
    ['POST /v1/uploads/{id}/cancel', FILES],
  ],
  files: filesOf(),
  batches: [
    ['POST /v1/batches', BELOW_PROVIDER],
    ['GET /v1/batches', BELOW_PROVIDER],
    ['GET /v1/batches/{id}', BELOW_PROVIDER],
    ['POST /v1/batches/{id}/cancel', FILES],
  ],
  models: modelsOf(),
};

const MESSAGES: Readonly<Partial<Record<OperationGroup, readonly Row[]>>> = {
  batches: [
    ['POST /v1/messages/batches'],
    ['GET /v1/messages/batches'],
    ['GET /v1/messages/batches/{id}'],
    ['POST /v1/messages/batches/{id}/cancel', NO_MODEL],
    ['GET /v1/messages/batches/{id}/results'],
    ['DELETE /v1/messages/batches/{id}'],
  ],
  files: filesOf(),
  models: modelsOf().slice(0, 2),
};

function filesOf(): Row[] {
  return [
    ['POST /v1/files', FILES],
    ['GET /v1/files', FILES],
    ['GET /v1/files/{id}', FILES],
    ['GET /v1/files/{id}/content', FILES],
    ['DELETE /v1/files/{id}', FILES],
  ];
}

function modelsOf(): Row[] {
  return [
    ['GET /v1/models', FILES],
    ['GET /v1/models/{id}', FILES],
    ['DELETE /v1/models/{id}', FILES],
  ];
}

/** All of them, in the order of the tables. */
export const OPERATIONS: readonly Operation[] = [...expand(CHAT, 'chat'), ...expand(MESSAGES, 'messages')];

function expand(
  table: Readonly<Partial<Record<OperationGroup, readonly Row[]>>>,
  wire: OwnWire,
): Operation[] {
  return Object.entries(table).flatMap(([name, rows]) =>
    rows.map(([text, options = {}]) => toOperation({ text, options, wire, group: name as OperationGroup })),
  );
}

interface Entry {
  text: string;
  options: Options;
  wire: OwnWire;
  group: OperationGroup;
}

function toOperation({ text, options, wire, group }: Entry): Operation {
  const method = text.slice(0, text.indexOf(' ')) as Operation['method'];
  const { model = null, atRoot = true, usesModel = method === 'POST' } = options;
  const repeatable = method === 'GET' || keepsNothing(group);
  return { name: text, method, wire, group, model, atRoot, usesModel, repeatable };
}

/** An id as a segment of a path: no slash in it, and no `.` before it that could climb. */
const ID = '(?:[\\w:~-]|%3[Aa])(?:[\\w:~.-]|%3[Aa]){0,254}';
const PATTERNS = OPERATIONS.map((operation) => {
  const path = operation.name.slice(operation.method.length + 1);
  return { operation, pattern: new RegExp(`^${path.replaceAll('{id}', ID)}$`) };
});

/** Operations at a path below `/v1`, of any method. */
export function operationsAt(path: string): Operation[] {
  return PATTERNS.filter(({ pattern }) => pattern.test(path)).map(({ operation }) => operation);
}

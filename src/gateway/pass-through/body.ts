/** The body of a request of a vendor's own API: read as far as the model, and sent on with only that changed. */
import { TrimtabError } from '../../core/error.ts';
import { readBoundary } from '../../protocols/multipart.ts';
import { invalidField, kindOf, parseObject, tabulateMembers } from '../../protocols/request.ts';
import type { Call } from '../call.ts';
import { checkBody, checkEncoding } from '../stages/admit.ts';
import { isForm } from './find.ts';
import type { OwnBody } from './own-body.ts';
import { Upload } from './upload.ts';

const NONE: OwnBody = { model: null, fields: {}, sendable: true, open: () => ({ body: null, length: 0 }) };

/**
 * The body, or the upload in which the model is still to be found. Throws body_too_large, invalid_json,
 * invalid_request, unsupported_media_type.
 */
export function readBody({ operation, request, state }: Call): OwnBody | Upload {
  const { upload, headers, method } = request;
  if (!operation || method !== 'POST') return NONE;
  const { model } = operation;
  if (model === 'json' || (model === 'either' && !isForm(headers))) {
    checkBody(state, request);
    return readJson(request.body);
  }
  checkEncoding(headers);
  const contentType = headers['content-type'];
  const boundary = model === null ? null : readBoundary(String(contentType ?? ''));
  if (model !== null && boundary === null)
    throw new TrimtabError('unsupported_media_type', `\`${operation.name}\` takes \`multipart/form-data\`.`);
  if (!upload) return NONE;
  const length = headers['content-length'] === undefined ? null : Number(headers['content-length']);
  const { maxBodyBytes } = state.serving.snapshot.stack.gateway;
  return new Upload(upload, { boundary, length, maxHeldBytes: maxBodyBytes });
}

function readJson(bytes: Buffer): OwnBody {
  const fields = parseObject(bytes);
  const span = tabulateMembers(bytes).span('model');
  const { model } = fields;
  if (model !== undefined && model !== null && (typeof model !== 'string' || model === '')) {
    throw invalidField('model', `\`model\` must be a text that is not empty, not ${kindOf(model)}.`);
  }
  const named = model ?? null;
  return {
    model: named,
    fields,
    sendable: true,
    open(wanted) {
      const isSame = wanted === null || wanted === named || !span;
      const body = isSame
        ? bytes
        : Buffer.concat([
            bytes.subarray(0, span[0]),
            Buffer.from(JSON.stringify(wanted)),
            bytes.subarray(span[1]),
          ]);
      return { body, length: body.length };
    },
  };
}

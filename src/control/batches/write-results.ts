/** Writes the answers of a batch into its two files: good ones and the others, in OpenAI's form, in the order of its lines. */
import type { AnsweredLine, Batch, BatchStore } from '../../store/batches.ts';
import type { FileStore } from '../../store/files.ts';
import { FileWriter } from './file-writer.ts';

const LINES_AT_ONCE = 100;

export interface ResultFiles {
  outputFileId: string;
  errorFileId: string;
}

/**
 * Writes both files anew, whatever an earlier try left of them. A file without a line is not kept. Returns the ids of
 * those that are.
 */
export async function writeResults(
  { batches, files }: { batches: BatchStore; files: FileStore },
  batch: Batch,
  { outputFileId, errorFileId, createdAt, expiresAt }: ResultFiles & { createdAt: number; expiresAt: number },
): Promise<{ outputFileId: string | null; errorFileId: string | null }> {
  const begin = async (id: string, kind: string) => {
    await files.remove(id);
    const filename = `${batch.id}_${kind}.jsonl`;
    await files.begin({ id, keyId: batch.keyId, filename, purpose: 'batch_output', createdAt, expiresAt });
    return new FileWriter(files, id);
  };
  const output = await begin(outputFileId, 'output');
  const errors = await begin(errorFileId, 'error');
  for (let after = 0; ; ) {
    const lines = await batches.answered(batch.id, { after, limit: LINES_AT_ONCE });
    for (const line of lines) {
      const to = line.status === 200 ? output : errors;
      await to.write(Buffer.from(`${toResult(batch, line)}\n`));
    }
    const last = lines.at(-1);
    if (!last) break;
    after = last.line;
  }
  const keep = async (id: string, writer: FileWriter) => {
    if (writer.bytes > 0) await writer.finish();
    else await files.remove(id);
    return writer.bytes > 0 ? id : null;
  };
  return { outputFileId: await keep(outputFileId, output), errorFileId: await keep(errorFileId, errors) };
}

/** The answer is JSON already and is not written anew. */
function toResult({ id }: Batch, { line, customId, status, callId, answer, error }: AnsweredLine): string {
  const response =
    status === null
      ? 'null'
      : `{"status_code":${status},"request_id":${JSON.stringify(callId)},"body":${oneLine(answer ?? 'null')}}`;
  const head = `"id":"${id}_${line}","custom_id":${JSON.stringify(customId)}`;
  return `{${head},"response":${response},"error":${JSON.stringify(error)}}`;
}

/** JSON may hold line breaks between its members; a line may not. */
function oneLine(json: string): string {
  if (!/[\r\n]/.test(json)) return json;
  return json.replace(/[\r\n]+/g, ' ');
}

import { randomUUID } from 'node:crypto';

/** A form with one file, as Kibana's import wants it: its name must end in .ndjson (RFC 7578). */
export function importForm(ndjson: string): { contentType: string; body: string } {
  // A line of NDJSON begins with a brace, so that none is the boundary's.
  const boundary = `orchestrator-${randomUUID()}`;
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="orchestrator.ndjson"\r\ncontent-type: application/ndjson\r\n\r\n`;
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: `${head}${ndjson}\r\n--${boundary}--\r\n` };
}

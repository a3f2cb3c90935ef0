/** Fewer characters of an encoding stand in too many texts that have nothing to do with the secret. */
const SHORTEST_ENCODED = 6;
const BITS = { byte: 8, base64: 6 } as const;

/**
 * The ways in which programs write a secret: as it is, in JSON (once, and within JSON), in a URL or form, in XML,
 * quoted for a shell or in a program's text, in hex and base64, there also as part of more (`user:password`).
 */
export function formsOf(secret: string): string[] {
  const json = jsonForm(secret);
  const quoted = [json, jsonForm(json), asciiJson(secret), shellQuoted(secret), backslashed(secret), xmlForm(secret)];
  const bytes = Buffer.from(secret);
  const encoded = [...percentForms(secret), ...hexForms(bytes), ...base64Forms(bytes)];
  return [...quoted, ...encoded.filter(form => form.length >= SHORTEST_ENCODED)];
}

function jsonForm(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As Python's json writes it. */
function asciiJson(text: string): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return jsonForm(text).replace(/[^\u0020-\u007e]/g, escape);
}

/** Between single quotes, where one of its own is put in anew. */
function shellQuoted(text: string): string {
  return text.replaceAll("'", String.raw`'\''`);
}

/** As `printf %q` and as programs print a text between single quotes. */
function backslashed(text: string): string {
  return text.replace(/[^\w@%+=:,./-]/g, String.raw`\$&`);
}

function xmlForm(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, character => entities[character] ?? character);
}

function percentForms(text: string): string[] {
  const usual = encodeURIComponent(text.toWellFormed());
  const strict = usual.replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const all = [...Buffer.from(text)].map(byte => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
  // A form leaves `*` as it is, and not `~`.
  const posted = new URLSearchParams([['', text]]).toString().slice(1);
  const forms = [usual, strict, strict.replaceAll('%20', '+'), posted, all];
  return [...forms, ...forms.map(form => form.replace(/%../g, code => code.toLowerCase()))];
}

function hexForms(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase()];
}

/** What stands of it in base64 whatever is before and behind it: for each place that it can have in a group of three bytes. */
function base64Forms(bytes: Buffer): string[] {
  const parts = [0, 1, 2].map(before => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const from = Math.ceil((before * BITS.byte) / BITS.base64);
    return text.slice(from, Math.floor(((before + bytes.length) * BITS.byte) / BITS.base64));
  });
  return [...parts, ...parts.map(part => part.replaceAll('+', '-').replaceAll('/', '_'))];
}

const OCTET = /^(?:0|[1-9]\d*)$/;
const HEXTET = /^[\da-fA-F]+$/;
const OCTETS = 4;
const HEXTETS = 8;
/** Hexadecimal digits of 32 bits. */
const WORD_DIGITS = 8;

/**
 * Whether the text is an IP address to Elasticsearch: of version 4 or 6, with a zone behind `%`, which it passes over.
 */
export function isAddress(text: string): boolean {
  const percent = text.indexOf('%');
  if (percent >= 0 && percent === text.length - 1) return false;
  const address = percent < 0 ? text : text.slice(0, percent);
  return address.includes(':') ? isVersion6(address) : isVersion4(address);
}

/** Elasticsearch adds up digits in 32 bits and looks only at what comes out: 4294967297 is 1 to it. */
function isVersion4(address: string): boolean {
  const octets = address.split('.');
  return octets.length === OCTETS && octets.every(octet => OCTET.test(octet) && wrapped(octet) <= 255);
}

function wrapped(octet: string): number {
  let value = 0;
  for (let at = 0; at < octet.length; at++) value = (Math.imul(value, 10) + Number(octet[at])) | 0;
  return value;
}

function isVersion6(address: string): boolean {
  const dot = address.indexOf('.');
  const lastColon = address.lastIndexOf(':');
  if (dot >= 0 && (dot < lastColon || !isVersion4(address.slice(lastColon + 1)))) return false;
  // The last four octets are two hextets.
  const halves = (dot < 0 ? address : `${address.slice(0, lastColon + 1)}0:0`).split('::');
  const hextets = halves.flatMap(half => (half === '' ? [] : half.split(':')));
  const isWhole = halves.length === 1 ? hextets.length === HEXTETS : hextets.length < HEXTETS;
  return halves.length <= 2 && isWhole && hextets.every(isHextet);
}

function isHextet(hextet: string): boolean {
  return HEXTET.test(hextet) && (Number.parseInt(hextet.slice(-WORD_DIGITS), 16) | 0) <= 0xff_ff;
}

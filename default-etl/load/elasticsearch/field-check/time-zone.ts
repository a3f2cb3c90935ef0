import { MOST_OFFSET } from './date-moment.ts';

const OFFSET = /^([-+])(\d\d)(?:(:?)(\d\d)(?:\3(\d\d))?)?$/;
/** To Java `GMT+1` is one. */
const PREFIXED = /^(?:UTC|GMT|UT)(?:$|(?=[-+]))/;
/**
 * As Java and Node both know them: Node takes them in capitals, too, and knows short names, such as `PST`, that Java
 * does not.
 */
const REGION = /^(?:CET|EET|MET|WET|PRC|ROK|UCT|GB|NZ|(?=.*[a-z\d-])[A-Z][\w+/-]+)$/;
const MOST_KNOWN = 1000;

const known = new Map<string, boolean>();

/**
 * Seconds that are added to the time of UTC: of `Z`, `+01:00`, `+0100`, `UTC+1`; undefined where it is no zone to Java.
 * Those of a region differ from day to day, and are 0 here.
 */
export function zoneSeconds(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const signed = offsetSeconds(zone);
  if (signed !== undefined) return signed;
  const prefix = PREFIXED.exec(zone)?.[0];
  if (prefix === undefined) return isRegion(zone) ? 0 : undefined;
  const rest = zone.slice(prefix.length);
  if (rest === '') return 0;
  return offsetSeconds(/^[-+]\d$/.test(rest) ? `${rest[0]}0${rest[1]}` : rest);
}

function offsetSeconds(text: string): number | undefined {
  const found = OFFSET.exec(text);
  if (!found) return undefined;
  const [, sign, hours, , minutes = '0', seconds = '0'] = found;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (Number(minutes) > 59 || Number(seconds) > 59 || total > MOST_OFFSET) return undefined;
  return sign === '-' ? -total : total;
}

function isRegion(zone: string): boolean {
  const isKnown = known.get(zone);
  if (isKnown !== undefined) return isKnown;
  const found = REGION.test(zone) && isKnownToNode(zone);
  if (known.size < MOST_KNOWN) known.set(zone, found);
  return found;
}

function isKnownToNode(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

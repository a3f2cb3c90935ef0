import type { Decision } from '../../contract/protocol.ts';
import { endInHead, INCOMPLETE, skipSpace, stringEnd } from './scanner.ts';

/** Where the records are. */
export interface ListPath {
  /** Keys from the outermost object on; none where the document itself is the records. */
  path: readonly string[];
  /** The records are GeoJSON's (RFC 7946): what counts are their properties. */
  isFeatures: boolean;
}

/** A list of objects that was seen. */
interface Candidate {
  path: string[];
  /** Of its elements. */
  count: number;
  bytes: number;
  isFeatures: boolean;
  /** It says something about the answer, as a list of its fields does. */
  isAbout: boolean;
}

interface Survey {
  candidates: Candidate[];
  /** Another value follows the first: they are records, one after the other. */
  isSequence: boolean;
  bytes: number;
  /** Whether all that stands beside one list says something about the answer, not about the world. */
  isEnvelope: boolean;
}

const MAX_DEPTH = 3;
/** What lists of records are usually called. */
const USUAL =
  /^(data|results?|records?|items|rows|features|values?|hits|docs|documents|entries|list|elements|objects|content|(hydra:)?member)$/i;

/** What stands beside such a list in the answer of a service. */
const ABOUT =
  /^(total|count|nhits|status|statut|success|ok|errors?|message|code|next|prev|previous|pages?|limit|offset|took|time|timestamp|version|type|name|crs|href|url|_?links?|generated|updated|license|copyright|attribution|source|help|header|meta(data)?|jsonapi|parameters|fields|columns|(search_)?facets|facet_groups|sort|schema|_shards|timed_out|max_score|include_total|records_format|resource_id)$|^([$@]|__|odata\.|hydra:(?!member))|(_|^)(count|total|size|page|url|at|date|time|estimated|threshold)s?$|^total/i;

/**
 * Where the list of records is in a document that is an object: the one list of objects that takes most of the text. In
 * doubt the object is one record. `head`: the text's beginning, in UTF-8.
 */
export function findList(head: Buffer, isWhole: boolean): ListPath & { decision?: Decision } {
  const start = skipSpace(head, 0, head.length);
  if (head[start] !== 123) return { path: [], isFeatures: false };
  const survey = surveyOf(head, start);
  const [best] = survey.candidates.toSorted((a, b) => Number(a.isAbout) - Number(b.isAbout) || b.bytes - a.bytes);
  if (best === undefined || (survey.isSequence && isWhole)) return { path: [], isFeatures: false };
  const share = best.bytes / survey.bytes;
  const isUsual = USUAL.test(best.path.at(-1) as string);
  const where = `the list of objects there takes ${Math.floor(share * 100)} % of the text`;
  const isEnvelope = isUsual && survey.isEnvelope;
  if (!survey.isSequence && (isEnvelope || (isUsual ? share > 0.5 : share > 0.8 && best.count > 1))) {
    const confidence = best.isFeatures ? 1 : isEnvelope ? 0.95 : 0.8;
    return { path: best.path, isFeatures: best.isFeatures, decision: decisionOf(best.path, confidence, where) };
  }
  const reason = `the object is one record; of its list ${best.path.join(' > ')} nothing shows that it is the table`;
  return { path: [], isFeatures: false, decision: decisionOf([], share > 0.5 ? 0.6 : 0.8, reason) };
}

function decisionOf(path: string[], confidence: number, reason: string): Decision {
  return { name: 'record_path', value: path, confidence, reason };
}

function surveyOf(head: Buffer, start: number): Survey {
  const candidates: Candidate[] = [];
  const beside: string[] = [];
  const end = surveyObject(head, start, [], candidates, beside);
  const isEnvelope = candidates.filter(({ isAbout }) => !isAbout).length === 1 && beside.length === 0;
  if (end === INCOMPLETE) return { candidates, isSequence: false, bytes: head.length - start, isEnvelope };
  return { candidates, isSequence: skipSpace(head, end, head.length) < head.length, bytes: end - start, isEnvelope };
}

/**
 * Looks at the members of the object at `from`; `beside` gets the names of those that hold no list of objects, nor say
 * something about the answer. Returns the position behind it; INCOMPLETE where it goes on behind the head, or is no
 * JSON.
 */
function surveyObject(head: Buffer, from: number, path: string[], candidates: Candidate[], beside: string[]): number {
  for (let at = from + 1; ; ) {
    while (at < head.length && ((head[at] as number) <= 32 || head[at] === 44)) at++;
    if (head[at] === 125) return at + 1;
    if (head[at] !== 34) return INCOMPLETE;
    const keyEnd = stringEnd(head, at, head.length);
    if (keyEnd === INCOMPLETE) return INCOMPLETE;
    const value = skipSpace(head, skipSpace(head, keyEnd, head.length) + 1, head.length);
    if (value >= head.length) return INCOMPLETE;
    at = surveyValue(head, value, [...path, keyOf(head, at, keyEnd)], candidates, beside);
    if (at === INCOMPLETE) return INCOMPLETE;
  }
}

function surveyValue(head: Buffer, from: number, path: string[], candidates: Candidate[], beside: string[]): number {
  if (head[from] === 123 && path.length < MAX_DEPTH) return surveyObject(head, from, path, candidates, beside);
  const before = candidates.length;
  const end = head[from] === 91 ? surveyList(head, from, path, candidates) : endInHead(head, from);
  if (candidates.length === before && !isAboutAnswer(path)) beside.push(path.at(-1) as string);
  return end;
}

/** Whether lists of records are usually called so. */
export function isUsualName(name: string): boolean {
  return USUAL.test(name);
}

/** Whether it says something about the answer, or is within such a member. */
export function isAboutAnswer(path: readonly string[]): boolean {
  return path.some(name => ABOUT.test(name));
}

function surveyList(head: Buffer, from: number, path: string[], candidates: Candidate[]): number {
  const first = skipSpace(head, from + 1, head.length);
  const isOfObjects = head[first] === 123;
  const isFeatures =
    path.join('/') === 'features' && /"type"\s*:\s*"Feature"/.test(head.toString('latin1', first, first + 65536));
  let count = 0;
  let at = first;
  while (at < head.length && head[at] !== 93) {
    const end = endInHead(head, at);
    if (end === INCOMPLETE) {
      at = INCOMPLETE;
      break;
    }
    count++;
    at = skipSpace(head, end, head.length);
    if (head[at] === 44) at = skipSpace(head, at + 1, head.length);
  }
  const isOpen = at === INCOMPLETE || at >= head.length;
  // A usual name alone tells that an empty list is one of records.
  const isEmpty = count === 0 && !isOpen && USUAL.test(path.at(-1) as string);
  if (isOfObjects || isEmpty)
    candidates.push({
      path,
      count,
      bytes: (isOpen ? head.length : at + 1) - from,
      isFeatures,
      isAbout: isAboutAnswer(path),
    });
  return isOpen ? INCOMPLETE : at + 1;
}

function keyOf(head: Buffer, from: number, to: number): string {
  try {
    return JSON.parse(head.toString('utf8', from, to)) as string;
  } catch {
    return head.toString('utf8', from + 1, to - 1);
  }
}

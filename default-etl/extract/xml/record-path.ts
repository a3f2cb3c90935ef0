import type { Decision } from '../../contract/protocol.ts';
import { INCOMPLETE, localName, markupAt, markupEnd, StartTag, textEnd } from '../markup/tags.ts';

const SLASH = 47;

/** Where the records are: names of elements from the root on. */
export type RecordPath = readonly string[];

/** No table has its records deeper than this. */
const MAX_DEPTH = 100;

/** What was seen of all elements of one path. */
interface Kind {
  name: string;
  parent: Kind | undefined;
  children: Map<string, Kind>;
  count: number;
  /** The most of them in one parent. */
  mostTogether: number;
  bytes: number;
  hasAttributes: boolean;
}

interface Open {
  kind: Kind;
  from: number;
  counts: Map<string, number>;
}

/**
 * Finds out which element is the record: the uppermost one that comes up again in the same parent and takes most of the
 * text. Where none does, the document is one record. `head`: the text's beginning, in UTF-8. Throws SyntaxFault.
 */
export function findRecordPath(head: Buffer): Decision & { value: string[] } {
  const root = surveyOf(head);
  const candidates = repeatedIn(root).toSorted((a, b) => b.bytes - a.bytes);
  const [best, second] = candidates;
  if (best !== undefined && best.bytes > 0.5 * root.bytes && isRecordLike(best)) {
    const share = best.bytes / Math.max(1, root.bytes);
    const beside = second === undefined ? '' : `; ${pathOf(second).join(' > ')} comes up ${second.count} times, too`;
    return decisionOf(
      best,
      share > 0.9 ? 0.99 : share,
      `it comes up ${best.count} times in the first ${head.length} bytes${beside}`,
    );
  }
  return decisionOf(singleRecord(root), 0.5, 'no element takes most of the text by coming up again');
}

function decisionOf(kind: Kind, confidence: number, reason: string): Decision & { value: string[] } {
  return { name: 'record_path', value: pathOf(kind), confidence: Math.round(confidence * 100) / 100, reason };
}

/** Names from the root down; the document itself has none. */
function pathOf({ name, parent }: Kind): string[] {
  return parent === undefined ? [] : [...pathOf(parent), name];
}

/** A list of bare values beside other elements is a part of one record. */
function isRecordLike({ children, hasAttributes, parent }: Kind): boolean {
  return children.size > 0 || hasAttributes || parent === undefined || parent.children.size === 1;
}

/** The uppermost kinds that come up again in one parent. */
function repeatedIn(kind: Kind): Kind[] {
  return [...kind.children.values()].flatMap(child => (child.mostTogether > 1 ? [child] : repeatedIn(child)));
}

/** Down from the root as long as an element holds nothing but one other that holds elements, too. */
function singleRecord(root: Kind): Kind {
  let kind = root;
  for (;;) {
    const [only, ...others] = kind.children.values();
    if (only === undefined || others.length > 0 || only.mostTogether > 1 || only.children.size === 0) return kind;
    kind = only;
  }
}

function surveyOf(head: Buffer): Kind {
  const document = newKind('', undefined);
  const stack: Open[] = [{ kind: document, from: 0, counts: new Map() }];
  const tag = new StartTag();
  let tooDeep = 0;
  for (let at = 0; at < head.length; ) {
    const less = textEnd(head, at, head.length);
    const markup = less === head.length ? INCOMPLETE : markupAt(head, less, head.length);
    const end = markup === INCOMPLETE ? INCOMPLETE : markupEnd(head, less, head.length);
    if (end === INCOMPLETE) break;
    if (markup === 'start' && stack.length > MAX_DEPTH) tooDeep += isEmptyTag(head, end) ? 0 : 1;
    else if (markup === 'start') openTag(tag, head, less, end, stack);
    else if (markup === 'end' && tooDeep > 0) tooDeep--;
    else if (markup === 'end' && stack.length > 1) closeTop(stack, end);
    at = end;
  }
  while (stack.length > 1) closeTop(stack, head.length);
  const [root] = document.children.values();
  return root ?? document;
}

function newKind(name: string, parent: Kind | undefined): Kind {
  return { name, parent, children: new Map(), count: 0, mostTogether: 0, bytes: 0, hasAttributes: false };
}

function openTag(tag: StartTag, head: Buffer, from: number, to: number, stack: Open[]): void {
  if (!tag.read(head, from, to)) return;
  const name = localName(head.toString('utf8', from + 1, tag.nameTo));
  const parent = stack.at(-1) as Open;
  const kind = parent.kind.children.get(name) ?? newKind(name, parent.kind);
  parent.kind.children.set(name, kind);
  const together = (parent.counts.get(name) ?? 0) + 1;
  parent.counts.set(name, together);
  kind.count++;
  kind.mostTogether = Math.max(kind.mostTogether, together);
  kind.hasAttributes ||= tag.attributeCount > 0;
  stack.push({ kind, from, counts: new Map() });
  if (tag.isEmpty) closeTop(stack, to);
}

function isEmptyTag(head: Buffer, end: number): boolean {
  return head[end - 2] === SLASH;
}

function closeTop(stack: Open[], end: number): void {
  const { kind, from } = stack.pop() as Open;
  kind.bytes += end - from;
}

import { reporter, type Finding, type Reporter } from './finding.ts';
import { textOf } from './json.ts';
import { checkLens } from './lens/check-lens.ts';
import type { Reading } from './reading.ts';
import { objectKey, objectName, type SavedObject } from './saved-object.ts';
import { makeClaims, type Claims } from './structure/claims.ts';
import { readDashboard } from './structure/dashboard.ts';
import { readDataView } from './structure/data-view.ts';
import { readMap } from './structure/map.ts';
import type { TitledContent } from './structure/panel-content.ts';
import { readSavedSearch } from './structure/saved-search.ts';
import { readSearchSource } from './structure/search-source.ts';
import { checkTag } from './structure/tag.ts';

/** Checks what Kibana's import and its applications want of the objects themselves; gives what they say. */
export function checkStructure(objects: readonly SavedObject[], findings: Finding[]): Reading {
  const reading: Reading = { dataViews: new Map(), dashboards: [] };
  const contents = new Map<string, TitledContent>();
  checkKeys(objects, findings);
  // Dashboards last: their panels show the others.
  const ordered = [
    ...objects.filter(one => one.type !== 'dashboard'),
    ...objects.filter(one => one.type === 'dashboard'),
  ];
  for (const object of ordered) {
    const { origin, type, id, attributes } = object;
    const report = reporter(findings, { origin, object: objectName(type, id, attributes), panel: null });
    const claims = makeClaims(object.references);
    checkObject(object, { claims, report, reading, contents });
    checkLeft(object, claims, report);
  }
  checkTargets(objects, findings);
  return reading;
}

interface Place {
  claims: Claims;
  report: Reporter;
  reading: Reading;
  contents: Map<string, TitledContent>;
}

function checkObject(object: SavedObject, { claims, report, reading, contents }: Place): void {
  const { type, id, attributes, packaged } = object;
  const place = { claims, packaged, report };
  const title = textOf(attributes['title']) ?? id;
  const keep = (content: TitledContent['content']) => contents.set(objectKey(type, id), { content, title });
  switch (type) {
    case 'index-pattern':
      reading.dataViews.set(id, readDataView(object, report));
      break;
    case 'lens':
      keep({ kind: 'lens', ...checkLens(attributes, claims, report) });
      break;
    case 'map':
      keep({ kind: 'map', layers: readMap(attributes, place) });
      break;
    case 'search':
      keep(readSavedSearch(attributes, place));
      break;
    case 'tag':
      checkTag(attributes, report);
      break;
    case 'dashboard':
      reading.dashboards.push(readDashboard(object, { claims, contents, report }));
      break;
    case 'visualization':
      // Of its own editor; what is known is its search source.
      readSearchSource(attributes, place);
      report.note('Visualizations of before Lens are not looked into.', 'Look at it in Kibana.');
      claims.takeAll('');
      break;
    default:
      claims.takeAll('');
  }
}

function checkKeys(objects: readonly SavedObject[], findings: Finding[]): void {
  const seen = new Map<string, string>();
  for (const { origin, type, id, attributes } of objects) {
    const before = seen.get(objectKey(type, id));
    const report = reporter(findings, { origin, object: objectName(type, id, attributes), panel: null });
    if (before !== undefined)
      report.mistake(`${before} has an object of the same type and id (${id}).`, 'Leave one of them out.');
    seen.set(objectKey(type, id), origin);
  }
}

/** References that nothing uses make Kibana's import ask for objects in vain. */
function checkLeft(object: SavedObject, claims: Claims, report: Reporter): void {
  // Tags have no user within the object.
  for (const { name } of object.references.filter(reference => reference.type === 'tag')) claims.takeAll(name);
  for (const name of claims.left()) report.doubt(`Nothing uses the reference ${name}.`, 'Take it out.');
}

/** Each reference should be to an object of the file. */
function checkTargets(objects: readonly SavedObject[], findings: Finding[]): void {
  const keys = new Set(objects.map(({ type, id }) => objectKey(type, id)));
  const types = new Map(objects.map(({ type, id }) => [id, type]));
  for (const { origin, type, id, attributes, references } of objects) {
    const report = reporter(findings, { origin, object: objectName(type, id, attributes), panel: null });
    const outside = new Set(references.filter(one => !keys.has(objectKey(one.type, one.id))).map(objectOf));
    for (const other of outside) {
      const otherId = other.slice(other.indexOf(' ') + 1);
      const is = types.get(otherId);
      if (is !== undefined) report.mistake(`It refers to ${other}, which is of type ${is}.`, `Refer to it as ${is}.`);
      else report.note(`It refers to ${other}, which is not in the file.`, 'Import that object, too.');
    }
  }
}

function objectOf({ type, id }: { type: string; id: string }): string {
  return `${type} ${id}`;
}

import type { Reporter } from '../finding.ts';
import { fieldsOf, isFields, listOf, shown, textOf, textsOf, type Fields } from '../json.ts';
import { checkLens } from '../lens/check-lens.ts';
import type { Content } from '../reading.ts';
import { objectKey, type Reference } from '../saved-object.ts';
import { claimsBelow, makeClaims, type Claims } from './claims.ts';
import { readMap } from './map.ts';
import { readSavedSearch } from './saved-search.ts';
import { sortedFields } from './search-source.ts';

/** What an object that can be a panel shows, and its title. */
export interface TitledContent {
  content: Content;
  title: string;
}

export type ContentByKey = ReadonlyMap<string, TitledContent>;

interface Around {
  claims: Claims;
  contents: ContentByKey;
  report: Reporter;
}

/** Types of panels that are objects of their own or hold all that they show. */
const LOOKED_INTO = new Set(['lens', 'map', 'search']);

/** What a panel shows, by value or by reference; `title` is its own, or that of what it shows. */
export function readPanelContent(panel: Fields, index: string, packaged: boolean, around: Around): TitledContent {
  const config = fieldsOf(panel['embeddableConfig']);
  const own = textOf(config['title']) ?? textOf(panel['title']);
  if (panel['panelRefName'] !== undefined) return byReference(panel, index, own, around);
  // Until Kibana 7.0.
  if (textOf(panel['id']) !== null && !('attributes' in config) && !('savedVis' in config)) {
    return { content: { kind: 'other' }, title: own ?? index };
  }
  return byValue(panel, index, own, packaged, around);
}

function byReference(panel: Fields, index: string, own: string | null, around: Around): TitledContent {
  const { claims, contents } = around;
  const name = textOf(panel['panelRefName']) ?? '';
  const report = around.report.inPanel(own ?? index);
  const type = textOf(panel['type']);
  // With the panel's index before it since Kibana 7.11.
  const found = claims.takeAll(`${index}:`).find(reference => reference.name === `${index}:${name}`);
  const reference = found ?? claims.takeAll(name).find(one => one.name === name);
  if (reference === undefined) {
    report.mistake(`There is no reference ${index}:${name}.`, 'Add it to the references of the dashboard.');
    return { content: { kind: 'other' }, title: own ?? index };
  }
  if (type !== null && reference.type !== type && !(type === 'visualization' && reference.type === 'lens'))
    report.mistake(
      `The panel is of type ${type}, but its reference is to an object of type ${reference.type}.`,
      'Refer to an object of the type of the panel.',
    );
  if (!LOOKED_INTO.has(reference.type)) report.note(`Panels of type ${reference.type} are not looked into.`, LOOK);
  const shownObject = contents.get(objectKey(reference.type, reference.id));
  const content = shownObject?.content ?? { kind: 'other' };
  return {
    content: withChanges(content, fieldsOf(panel['embeddableConfig'])),
    title: own ?? shownObject?.title ?? index,
  };
}

const LOOK = 'Look at it in Kibana.';

/** A panel may show other columns of a saved search, in another order. */
function withChanges(content: Content, config: Fields): Content {
  if (content.kind !== 'documents') return content;
  const columns = textsOf(config['columns']);
  const sort = sortedFields(config['sort']);
  return {
    ...content,
    ...(columns.length === 0 ? {} : { columns }),
    ...(sort.length === 0 ? {} : { sort }),
  };
}

function byValue(panel: Fields, index: string, own: string | null, packaged: boolean, around: Around): TitledContent {
  const config = fieldsOf(panel['embeddableConfig']);
  const attributes = fieldsOf(config['attributes']);
  const type = textOf(panel['type']);
  const markdown = type === 'visualization' ? markdownOf(config) : null;
  const title = own ?? textOf(attributes['title']) ?? (markdown === null ? index : 'text');
  const report = around.report.inPanel(title);
  const claims = claimsBelow(around.claims, `${index}:`);
  claims.takeAll('drilldown:');
  if (markdown !== null) return { content: { kind: 'text', markdown }, title };
  if (type === 'lens' && isFields(config['attributes'])) {
    checkInnerReferences(attributes, claims, report);
    return { content: { kind: 'lens', ...checkLens(attributes, claims, report) }, title };
  }
  if (type === 'map' && isFields(config['attributes']))
    return { content: { kind: 'map', layers: readMap(attributes, { claims, packaged, report }) }, title };
  if (type === 'search' && isFields(config['attributes']))
    return { content: readSavedSearch(attributes, { claims, packaged, report }), title };
  if (type === null || LOOKED_INTO.has(type))
    report.mistake(`The panel is of type ${shown(type)} and shows nothing.`, 'Write its attributes, or panelRefName.');
  else report.note(`Panels of type ${type} are not looked into.`, LOOK);
  claims.takeAll('');
  return { content: { kind: 'other' }, title };
}

function markdownOf(config: Fields): string | null {
  const visualization = fieldsOf(config['savedVis']);
  if (visualization['type'] !== 'markdown') return null;
  const { markdown } = fieldsOf(visualization['params']);
  return typeof markdown === 'string' ? markdown : null;
}

/** A Lens panel names its references twice: in itself, and in the dashboard with its index before them. */
function checkInnerReferences(attributes: Fields, claims: Claims, report: Reporter): void {
  const inner = listOf(attributes['references']).flatMap(item => {
    const { type, id, name } = fieldsOf(item);
    return typeof type === 'string' && typeof id === 'string' && typeof name === 'string'
      ? [{ type, id, name } satisfies Reference]
      : [];
  });
  if (!Array.isArray(attributes['references'])) return;
  const silent = makeClaims(inner);
  const { layers } = {
    layers: fieldsOf(fieldsOf(fieldsOf(attributes['state'])['datasourceStates'])['formBased'])['layers'],
  };
  for (const id of Object.keys(fieldsOf(layers))) {
    const name = `indexpattern-datasource-layer-${id}`;
    const isOwn = listOf(fieldsOf(attributes['state'])['internalReferences']).some(
      one => fieldsOf(one)['name'] === name,
    );
    const innerId = isOwn ? null : silent.take(name, 'index-pattern', report);
    const outerId = innerId === null ? null : claims.takeIfAny(name, 'index-pattern', report);
    if (innerId !== null && outerId !== null && innerId !== outerId)
      report.mistake(
        `The panel's own reference ${name} is to ${innerId}, that of the dashboard to ${outerId}.`,
        'Refer to the same data view.',
      );
  }
}

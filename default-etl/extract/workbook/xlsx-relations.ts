import { NEEDS_MORE, START, type XmlScanner } from '../markup/xml-scanner.ts';
import type { ZipParts } from './zip-parts.ts';

/** A part that another one names. */
export interface Relation {
  id: string;
  /** The last part of its type's URL, in which transitional and strict files differ: `worksheet`, `styles`… */
  type: string;
  /** Name of the part. */
  target: string;
}

/** The parts that `part` names; those of the whole file where it is empty. */
export async function readRelations(parts: ZipParts, part: string): Promise<Relation[]> {
  const slash = part.lastIndexOf('/') + 1;
  const name = `${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`;
  if (!parts.has(name)) return [];
  return await parts.read(name, ['Relationship'], async xml => await relationsOf(xml, part.slice(0, slash)));
}

async function relationsOf(xml: XmlScanner, folder: string): Promise<Relation[]> {
  const relations: Relation[] = [];
  for (;;) {
    const token = xml.scan();
    if (token === NEEDS_MORE && !(await xml.fill())) return relations;
    if (token !== START || xml.name !== 0 || xml.attribute('TargetMode') === 'External') continue;
    const type = xml.attribute('Type') ?? '';
    relations.push({
      id: xml.attribute('Id') ?? '',
      type: type.slice(type.lastIndexOf('/') + 1),
      target: resolvePart(folder, xml.attribute('Target') ?? ''),
    });
  }
}

/** `/xl/a.xml` is from the root, `../a.xml` and `a.xml` from the folder. */
function resolvePart(folder: string, target: string): string {
  const path = target.replaceAll('\\', '/');
  const names: string[] = [];
  for (const name of (path.startsWith('/') ? path : folder + path).split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return decodeName(names.join('/'));
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

import type { SchemaElement } from 'hyparquet';
import { isListLike, isMapLike } from 'hyparquet/src/schema.js';
import type { SchemaTree } from 'hyparquet/src/types.js';
import type { Leaf } from './leaf.ts';
import { rawJson, valueText } from './value-text.ts';

/** How each leaf's values become text, by its element. */
export type Leaves = ReadonlyMap<SchemaElement, Leaf>;

/**
 * A nested value as JSON text, null for none: its leaves are written as a column of their kind is, numbers with all
 * their digits.
 */
export function nestedText(value: unknown, node: SchemaTree, leaves: Leaves): string | null {
  return value === null || value === undefined ? null : valueText(jsonOf(value, node, leaves));
}

function jsonOf(value: unknown, node: SchemaTree, leaves: Leaves): unknown {
  // An absent member would be left out of its object.
  if (value === null || value === undefined) return null;
  if (node.element.logical_type?.type === 'VARIANT') return value;
  if (isListLike(node)) return Array.isArray(value) ? listOf(value, itemOf(node), leaves) : value;
  if (node.element.repetition_type === 'REPEATED' && Array.isArray(value)) return listOf(value, node, leaves);
  return singleOf(value, node, leaves);
}

function listOf(values: readonly unknown[], item: SchemaTree, leaves: Leaves): unknown[] {
  return values.map(value =>
    item.element.repetition_type === 'REPEATED' ? singleOf(value, item, leaves) : jsonOf(value, item, leaves),
  );
}

/** A list's items are what the repeated group holds, or that itself where it is no group. */
function itemOf({ children: [group] }: SchemaTree): SchemaTree {
  const repeated = group as SchemaTree;
  return repeated.children.length === 1 ? (repeated.children[0] as SchemaTree) : repeated;
}

/** What is no list, or one of its items. */
function singleOf(value: unknown, node: SchemaTree, leaves: Leaves): unknown {
  if (node.children.length === 0) return leafOf(value, leaves.get(node.element));
  if (value === null || typeof value !== 'object') return value;
  const members = isMapLike(node)
    ? () => node.children[0]?.children[1]
    : (name: string) => node.children.find(({ element }) => element.name === name);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const child = members(name);
      return [name, child === undefined ? member : jsonOf(member, child, leaves)];
    }),
  );
}

function leafOf(value: unknown, leaf: Leaf | undefined): unknown {
  if (leaf === undefined || leaf.text === valueText) return value;
  const text = leaf.text(value);
  return leaf.isNumber && text !== null && /^[-\d]/.test(text) && !text.startsWith('-I') ? rawJson(text) : text;
}

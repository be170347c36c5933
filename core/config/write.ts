import { isMap, isScalar, isSeq, parseDocument, Document, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ConfigKind } from './kinds.ts';
import { isPlainObject } from '../plain-object.ts';

const updateMap = (document: Document, node: YAMLMap, value: Readonly<Record<string, unknown>>): void => {
  const names = node.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''));
  for (const name of names) if (!Object.hasOwn(value, name)) node.delete(name);
  for (const [name, next] of Object.entries(value)) {
    const child: unknown = node.get(name, true);
    if (!update(document, child, next)) node.set(name, document.createNode(next));
  }
};

const updateList = (document: Document, node: YAMLSeq, value: readonly unknown[]): void => {
  node.items.length = Math.min(node.items.length, value.length);
  for (const [index, next] of value.entries()) {
    if (!update(document, node.items[index], next)) node.set(index, document.createNode(next));
  }
};

/** Changes a node in place so that its comments stay; answers false when it has to be replaced. */
const update = (document: Document, node: unknown, value: unknown): boolean => {
  if (isMap(node) && isPlainObject(value)) updateMap(document, node, value);
  else if (isSeq(node) && Array.isArray(value)) updateList(document, node, value);
  else if (isScalar(node) && !isPlainObject(value) && !Array.isArray(value)) {
    if (node.value !== value) node.value = value;
  } else return false;
  return true;
};

/**
 * Writes a value as YAML. With the text in force, that text is changed only where the value differs, so its comments stay.
 * `before` has been published, so it can be read.
 */
export function writeYaml(kind: ConfigKind, value: Readonly<Record<string, unknown>>, before?: string): string {
  if (before !== undefined) {
    const document: Document = parseDocument(before, { schema: 'core' });
    if (update(document, document.contents, value)) return document.toString({ lineWidth: 120 });
  }
  const document = new Document(value, { schema: 'core' });
  document.commentBefore = ` yaml-language-server: $schema=../../schemas/config/${kind}.json`;
  return document.toString({ lineWidth: 120 }).replace(/^(#[^\n]*)\n\n/, '$1\n');
}

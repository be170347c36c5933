import Handlebars from 'handlebars';
import { nearest } from './config/nearest.ts';
import type { EntityModel } from './entity.ts';
import { messageOf, type Text } from './errors.ts';

/** What templates may name, and the members where they are fixed. `record` has the fields of its entity. */
export const templateRoots: Readonly<Record<string, readonly string[] | undefined>> = {
  record: undefined,
  owner: ['name', 'email'],
  company: ['name', 'email', 'phone', 'website', 'street', 'postalCode', 'city', 'country', 'vatId'],
  stage: ['key', 'label'],
  activity: ['title', 'dueAt', 'note'],
  source: ['key', 'label'],
  alert: ['text', 'since', 'expected', 'count', 'errors', 'percent', 'usualPercent'],
  url: [],
};

export const templateHelpers = ['date', 'money', 'default'] as const;
const blocks = new Set(['if', 'unless', 'each']);
const limits = { characters: 20_000, nodes: 1_000, depth: 5 };

export interface TemplateFault {
  /** Line within the template, from 1. */
  readonly line: number;
  readonly code: string;
  readonly text: Text;
}

export interface TemplateReading {
  readonly faults: readonly TemplateFault[];
  /** Every variable named outside of an `each`, as its parts: `['record', 'email']`. */
  readonly paths: readonly (readonly string[])[];
}

class Check {
  readonly faults: TemplateFault[] = [];
  readonly paths: string[][] = [];
  readonly model: EntityModel | undefined;
  nodes = 0;

  constructor(model: EntityModel | undefined) {
    this.model = model;
  }

  fault(node: hbs.AST.Node, code: string, text: Text): void {
    // An empty program has no place of its own.
    const line = (node.loc as hbs.AST.SourceLocation | null)?.start.line ?? 1;
    this.faults.push({
      line,
      code,
      text: { de: `Vorlage Zeile ${line}: ${text.de}`, en: `Template line ${line}: ${text.en}` },
    });
  }
}

const asPath = (node: hbs.AST.Node): hbs.AST.PathExpression | undefined =>
  node.type === 'PathExpression' ? (node as hbs.AST.PathExpression) : undefined;

/** Handlebars also allows sub-expressions as heads of paths; those are refused before this is asked. */
const partsOf = (path: hbs.AST.PathExpression): string[] => path.parts.filter((part) => typeof part === 'string');

const meant = (word: string, known: readonly string[]): Text => {
  const found = nearest(word, known);
  if (found !== undefined) return { de: `Gemeint war „${found}“?`, en: `Did you mean "${found}"?` };
  return {
    de: `Möglich sind: ${known.slice(0, 20).join(', ')}.`,
    en: `Possible are: ${known.slice(0, 20).join(', ')}.`,
  };
};

const unknown = (word: string, known: readonly string[]): Text => {
  const hint = meant(word, known);
  return { de: `„${word}“ gibt es nicht. ${hint.de}`, en: `There is no "${word}". ${hint.en}` };
};

const membersOf = (root: string, model: EntityModel | undefined): readonly string[] | undefined =>
  root === 'record' && model !== undefined
    ? [...model.fields.values()].filter((field) => !field.isHidden).map((field) => field.name)
    : templateRoots[root];

/** Inside an `each` Handlebars looks names up in the entry, so only the entry itself can be named. */
const checkItem = (path: hbs.AST.PathExpression, check: Check): void => {
  if (path.original === 'this' || path.original.startsWith('this.')) return;
  check.fault(path, 'scope', {
    de: 'In „#each“ heißt der Eintrag „this“; anderes gibt es dort nicht.',
    en: 'Inside "#each" the entry is "this"; there is nothing else.',
  });
};

const checkMember = (path: hbs.AST.PathExpression, [root = '', member, ...rest]: string[], check: Check): void => {
  const members = membersOf(root, check.model);
  if (member !== undefined && members !== undefined && !members.includes(member)) {
    const known = members.map((name) => `${root}.${name}`);
    check.fault(path, 'unknown', unknown(`${root}.${member}`, known));
  }
  if (rest.length === 0) return;
  check.fault(path, 'path', { de: `„${path.original}“ führt zu tief.`, en: `"${path.original}" leads too deep.` });
};

const checkVariable = (path: hbs.AST.PathExpression, isInEach: boolean, check: Check): void => {
  const parts = partsOf(path);
  if (path.data || path.depth > 0 || parts.length < path.parts.length) {
    const text = { de: `„${path.original}“ ist hier nicht erlaubt.`, en: `"${path.original}" is not allowed here.` };
    check.fault(path, 'path', text);
  } else if (isInEach) checkItem(path, check);
  else if (!Object.hasOwn(templateRoots, parts[0] ?? '')) {
    check.fault(path, 'unknown', unknown(path.original, Object.keys(templateRoots)));
  } else {
    checkMember(path, parts, check);
    check.paths.push(parts);
  }
};

interface Call {
  readonly path: hbs.AST.Node;
  readonly params: readonly hbs.AST.Node[];
  readonly hash?: hbs.AST.Hash | undefined;
}

const checkParams = (call: Call, isInEach: boolean, check: Check): void => {
  for (const param of call.params) {
    const path = asPath(param);
    if (path !== undefined) checkVariable(path, isInEach, check);
    else if (param.type === 'SubExpression') checkCall(param as hbs.AST.SubExpression, isInEach, check);
  }
  if ((call.hash?.pairs.length ?? 0) > 0)
    check.fault(call.path, 'hash', {
      de: 'Angaben mit „=“ sind nicht erlaubt.',
      en: 'Values with "=" are not allowed.',
    });
};

const checkCall = (call: Call, isInEach: boolean, check: Check): void => {
  const name = asPath(call.path)?.original ?? '';
  if (!(templateHelpers as readonly string[]).includes(name))
    check.fault(call.path, 'helper', unknown(name, templateHelpers));
  checkParams(call, isInEach, check);
};

const checkMustache = (node: hbs.AST.MustacheStatement, isInEach: boolean, check: Check): void => {
  if (!node.escaped) {
    check.fault(node, 'unescaped', {
      de: '„{{{…}}}“ und „{{&…}}“ sind nicht erlaubt.',
      en: '"{{{…}}}" and "{{&…}}" are not allowed.',
    });
  }
  const path = asPath(node.path);
  const isHelper = path !== undefined && (templateHelpers as readonly string[]).includes(path.original);
  if (path === undefined) check.fault(node, 'path', { de: 'Hier fehlt ein Name.', en: 'A name is missing here.' });
  else if (node.params.length > 0 || node.hash !== undefined || isHelper) checkCall(node, isInEach, check);
  else checkVariable(path, isInEach, check);
};

const checkBlock = (
  node: hbs.AST.BlockStatement,
  at: { readonly depth: number; readonly isInEach: boolean },
  check: Check,
): void => {
  const name = asPath(node.path)?.original ?? '';
  if (!blocks.has(name))
    check.fault(
      node,
      'block',
      unknown(
        `#${name}`,
        [...blocks].map((block) => `#${block}`),
      ),
    );
  if (node.params.length !== 1)
    check.fault(node, 'block', {
      de: `„#${name}“ braucht genau eine Angabe.`,
      en: `"#${name}" needs exactly one value.`,
    });
  checkParams(node, at.isInEach, check);
  const inner = { depth: at.depth + 1, isInEach: at.isInEach || name === 'each' };
  checkProgram(node.program, inner, check);
  if (node.inverse !== undefined) checkProgram(node.inverse, inner, check);
};

const checkProgram = (
  program: hbs.AST.Program | undefined,
  at: { readonly depth: number; readonly isInEach: boolean },
  check: Check,
): void => {
  if (program === undefined) return;
  if (at.depth > limits.depth)
    check.fault(program, 'tooDeep', { de: `Höchstens ${limits.depth} Ebenen.`, en: `At most ${limits.depth} levels.` });
  if ((program.blockParams?.length ?? 0) > 0)
    check.fault(program, 'block', { de: '„as |…|“ ist nicht erlaubt.', en: '"as |…|" is not allowed.' });
  for (const node of program.body) {
    check.nodes += 1;
    if (node.type === 'MustacheStatement') checkMustache(node as hbs.AST.MustacheStatement, at.isInEach, check);
    else if (node.type === 'BlockStatement') checkBlock(node as hbs.AST.BlockStatement, at, check);
    else if (node.type !== 'ContentStatement' && node.type !== 'CommentStatement') {
      check.fault(node, 'statement', {
        de: 'Partials und Decorators sind nicht erlaubt.',
        en: 'Partials and decorators are not allowed.',
      });
    }
  }
};

/** What Handlebars did not expect, by its own name for it. */
const misplaced: Readonly<Record<string, Text>> = {
  EOF: {
    de: 'Die Vorlage endet, bevor ein „#if“, „#unless“ oder „#each“ geschlossen ist.',
    en: 'The template ends before an "#if", "#unless" or "#each" is closed.',
  },
  INVALID: { de: 'Ein „{{“ wird nicht mit „}}“ geschlossen.', en: 'A "{{" is not closed with "}}".' },
  CLOSE: { de: '„}}“ steht hier zu früh.', en: '"}}" comes too early here.' },
  OPEN_ENDBLOCK: { de: '„{{/…}}“ schließt nichts, was offen ist.', en: '"{{/…}}" closes nothing that is open.' },
  INVERSE: {
    de: '„{{else}}“ gehört einmal in ein „#if“, „#unless“ oder „#each“.',
    en: '"{{else}}" belongs into an "#if", "#unless" or "#each", once.',
  },
};

const unreadableText = (message: string): Text => {
  const block = /^(\S+) doesn't match (\S+)/.exec(message);
  if (block !== null) {
    const [, open, close] = block;
    return {
      de: `„{{#${open}}}“ wird mit „{{/${close}}}“ geschlossen.`,
      en: `"{{#${open}}}" is closed with "{{/${close}}}".`,
    };
  }
  const known = misplaced[/got '(\w+)'$/.exec(message)?.[1] ?? ''];
  if (known !== undefined) return known;
  const words =
    message
      .replace(/^.*\n(?=Expecting)/s, '')
      .split('\n')[0]
      ?.slice(0, 200) ?? '';
  return { de: `Das ist nicht lesbar: „${words}“`, en: `This cannot be read: "${words}"` };
};

const unreadable = (error: unknown): TemplateFault => {
  const message = messageOf(error);
  const line = Number(/line (\d+)/.exec(message)?.[1] ?? /- (\d+):\d+$/.exec(message)?.[1] ?? 1);
  const text = unreadableText(message);
  return {
    line,
    code: 'syntax',
    text: { de: `Vorlage Zeile ${line}: ${text.de}`, en: `Template line ${line}: ${text.en}` },
  };
};

const parse = (source: string): hbs.AST.Program | TemplateFault => {
  try {
    return Handlebars.parse(source);
  } catch (error) {
    return unreadable(error);
  }
};

/** Reads a template and finds everything in it that is not allowed or not known; `model` is the entity of `record`. */
export function readTemplate(source: string, model?: EntityModel): TemplateReading {
  const tooLong: Text = {
    de: `Höchstens ${limits.characters} Zeichen.`,
    en: `At most ${limits.characters} characters.`,
  };
  if (source.length > limits.characters) return { faults: [{ line: 1, code: 'tooLarge', text: tooLong }], paths: [] };
  const program = parse(source);
  if ('code' in program) return { faults: [program], paths: [] };
  const check = new Check(model);
  checkProgram(program, { depth: 0, isInEach: false }, check);
  if (check.nodes > limits.nodes)
    check.fault(program, 'tooLarge', { de: 'Die Vorlage hat zu viele Teile.', en: 'The template has too many parts.' });
  return { faults: check.faults, paths: check.paths };
}

import { issueOf, type Issue } from '../core/errors.ts';
import {
  createMapper,
  mappedHeaders,
  type Mapped,
  type Mapper,
  type Mapping,
  type MappingInput,
} from '../core/mapping.ts';
import { isBlank } from '../core/validation.ts';
import type { RecordData } from '../store/record-table.ts';
import type { Snapshot } from '../store/registry.ts';
import { readingOf } from './company.ts';
import { modelOf, type Context } from './context.ts';
import { createRowMapper } from './rowMapper.ts';
import { hasRows, type Source } from './source.ts';

export interface MappedMessage {
  readonly values: RecordData;
  /** Members of the message that no field took: shown on the lead, never lost. */
  readonly additional: RecordData;
  readonly issues: readonly Issue[];
  /** What a row of a table is known by where a column says so. */
  readonly key?: string | undefined;
}

/** What is worked out of a source's mapping. */
interface Prepared {
  readonly mapper: Mapper;
  readonly headers: ReadonlySet<string>;
}

/** Prepared once a snapshot and source. */
const preparedSources = new WeakMap<Snapshot, Map<string, Prepared>>();

const prepare = (snapshot: Snapshot, source: Source): Prepared => {
  const mapping =
    source.mapping === undefined
      ? undefined
      : (snapshot.config('mappings').get(source.mapping)?.value as Mapping | undefined);
  const create = hasRows(source) ? createRowMapper(source) : createMapper;
  const mapper = create({
    model: modelOf({ snapshot }, 'lead'),
    mapping,
    ...readingOf(snapshot),
  });
  return { mapper, headers: mappedHeaders(mapping) };
};

const preparedOf = (snapshot: Snapshot, source: Source): Prepared => {
  const kept = preparedSources.get(snapshot)?.get(source.key);
  if (kept !== undefined) return kept;
  const prepared = prepare(snapshot, source);
  const others = preparedSources.get(snapshot) ?? [];
  preparedSources.set(snapshot, new Map([...others, [source.key, prepared]]));
  return prepared;
};

/** Headers that the source's mapping takes, so that they are kept with its messages. */
export const headersOf = (snapshot: Snapshot, source: Source): ReadonlySet<string> =>
  preparedOf(snapshot, source).headers;

/** At least one of these, or nobody could ever answer the message. */
const essential = ['email', 'phone', 'lastName', 'company', 'message', 'title'];

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

const defaultsOf = (ctx: Context, source: Source): RecordData => {
  const { owner, ...rest } = source.defaults ?? {};
  const user =
    typeof owner === 'string' ? [...ctx.snapshot.users.values()].find((one) => one.email === owner) : undefined;
  return user === undefined ? rest : { ...rest, owner: user.id };
};

/** Turns the members of a message into fields of a lead: mapping rows, the source's defaults, and every fault at once. */
export function mapMessage(ctx: Context, source: Source, { body, headers }: MappingInput): MappedMessage {
  return completeLead(ctx, source, preparedOf(ctx.snapshot, source).mapper({ body, headers }, ctx.language));
}

/** A message without what does not fit. */
export interface FittingMessage extends MappedMessage {
  /** Why fields were left out; their members are among `additional`. */
  readonly unfit: readonly Issue[];
}

const keyOf = ({ path, code }: Issue): string => `${path.split('/')[1]} ${code}`;

/** As `mapMessage`, but what does not fit its field costs the field: `issues` has only what remains, such as nothing to answer to. */
export function mapFitting(ctx: Context, source: Source, { body, headers }: MappingInput): FittingMessage {
  const mapper = preparedOf(ctx.snapshot, source).mapper;
  const mapped = mapper({ body, headers }, ctx.language);
  const whole = completeLead(ctx, source, mapped);
  if (whole.issues.length === 0) return { ...whole, unfit: [] };
  const faults = new Set(whole.issues.map((issue) => keyOf(issue)));
  const names = new Set(whole.issues.map(({ path }) => path.split('/')[1]));
  const values = Object.fromEntries(Object.entries(mapped.values).filter(([name]) => !names.has(name)));
  // Whose value it was is seen by mapping each member alone.
  const isAtFault = ([name, value]: [string, unknown]): boolean =>
    completeLead(ctx, source, mapper({ body: { [name]: value } }, ctx.language)).issues.some((issue) =>
      faults.has(keyOf(issue)),
    );
  const additional = { ...mapped.additional, ...Object.fromEntries(Object.entries(body).filter(isAtFault)) };
  return { ...completeLead(ctx, source, { ...mapped, values, additional, issues: [] }), unfit: whole.issues };
}

/** Completes what was mapped with the source's defaults and judges it as a lead. */
export function completeLead(ctx: Context, source: Source, mapped: Mapped): MappedMessage {
  const values: Record<string, unknown> = { ...mapped.values };
  // It is a key: spaces around it would make another of it.
  if (typeof values['externalId'] === 'string') values['externalId'] = values['externalId'].trim();
  const defaults = defaultsOf(ctx, source);
  for (const name of Object.keys(defaults)) if (isEmpty(values[name])) values[name] = defaults[name];
  const model = modelOf(ctx, 'lead');
  const title = isBlank(values['title']) ? '-' : values['title'];
  const found = ctx.snapshot.validatorOf(model).issues({ ...model.defaults, ...values, title }, ctx.language);
  const issues = [
    ...mapped.issues,
    ...found.filter((issue) => !mapped.issues.some((other) => other.path === issue.path)),
  ];
  if (issues.length === 0 && essential.every((name) => isBlank(values[name]))) {
    const text = {
      de: 'Es fehlt jede Angabe, über die man antworten könnte (E-Mail, Telefon, Name, Firma oder Nachricht).',
      en: 'Nothing to answer to: e-mail, phone, name, company or message is needed.',
    };
    issues.push(issueOf({ path: '/email', code: 'required' }, text, ctx.language));
  }
  return { values, additional: mapped.additional, issues, key: mapped.key };
}

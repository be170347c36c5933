import { DateTime } from 'luxon';
import type { CompanyConfig } from '../../schemas/generated/config.ts';
import type { NumberingConfig } from '../../schemas/generated/config.ts';
import { createCalendar, type CalendarConfig } from '../calendar.ts';
import { LeitwerkError } from '../errors.ts';
import { compilePipeline } from '../pipeline/compile.ts';
import type { PipelineConfig } from '../pipeline/config.ts';
import { readTemplate } from '../template-check.ts';
import type { TemplateConfig } from '../template.ts';
import { fault, type Fault } from './faults.ts';
import type { RevisionKind } from './kinds.ts';
import { entityFaults, fieldFaults, keyFaults, unknownWord, type ConfigLookup } from './lookup.ts';
import { mappingFaults } from './meaning-mapping.ts';
import { roleFaults } from './meaning-role.ts';
import { schemaFaults } from './meaning-schema.ts';
import { sourceFaults } from './meaning-source.ts';
import type { ConfigValue } from './parse.ts';

type Meaning = (value: ConfigValue, lookup: ConfigLookup) => Fault[];

const timeZoneFaults = (path: string, timeZone: string): Fault[] =>
  DateTime.utc().setZone(timeZone).isValid
    ? []
    : [
        fault(path, 'unknown', {
          de: `Die Zeitzone „${timeZone}“ gibt es nicht (zum Beispiel Europe/Berlin).`,
          en: `There is no time zone "${timeZone}" (for example Europe/Berlin).`,
        }),
      ];

const companyFaults: Meaning = (value, lookup) => {
  const { currency, timeZone, calendar } = value as unknown as CompanyConfig;
  const currencies = Intl.supportedValuesOf('currency');
  return [
    ...(currencies.includes(currency) ? [] : [unknownWord('/currency', currency, ['EUR', 'CHF', 'USD', 'GBP'])]),
    ...timeZoneFaults('/timeZone', timeZone),
    ...keyFaults('/calendar', calendar, { kind: 'calendars', lookup }),
  ];
};

const calendarFaults: Meaning = (value) => {
  const calendar = value as unknown as CalendarConfig;
  const zone = timeZoneFaults('/timeZone', calendar.timeZone);
  if (zone.length > 0) return zone;
  try {
    createCalendar(calendar, () => false);
    return [];
  } catch (error) {
    if (error instanceof LeitwerkError) return [fault('/week', 'calendar', error.text)];
    throw error;
  }
};

const templateFaults: Meaning = (value, lookup) => {
  const template = value as unknown as TemplateConfig;
  const model = template.entity === undefined ? undefined : lookup.model(template.entity);
  const faults = entityFaults('/entity', template.entity, lookup);
  for (const part of ['subject', 'body'] as const) {
    for (const language of ['de', 'en'] as const) {
      const found = readTemplate(template[part][language], model).faults;
      faults.push(...found.map((one) => fault(`/${part}/${language}`, one.code, one.text)));
    }
  }
  return faults;
};

const placeholders = ['{number}', '{year}', '{month}', '{day}'];

const numberingFaults: Meaning = (value, lookup) => {
  const { entity, field, pattern } = value as unknown as NumberingConfig;
  const model = lookup.model(entity);
  const faults = [
    ...entityFaults('/entity', entity, lookup),
    ...(model === undefined ? [] : fieldFaults('/field', field, model)),
  ];
  if (!pattern.includes('{number}'))
    faults.push(
      fault('/pattern', 'number', { de: '„{number}“ fehlt im Muster.', en: '"{number}" is missing in the pattern.' }),
    );
  for (const [found] of pattern.matchAll(/\{[^}]*\}?/g))
    if (!placeholders.includes(found)) faults.push(unknownWord('/pattern', found, placeholders));
  return faults;
};

const pipelineFaults: Meaning = (value, lookup) => compilePipeline(value as unknown as PipelineConfig, lookup).issues;

const nothingMore: Meaning = () => [];

const meanings: Readonly<Record<RevisionKind, Meaning>> = {
  company: companyFaults,
  calendars: calendarFaults,
  priorities: nothingMore,
  'loss-reasons': nothingMore,
  tags: nothingMore,
  'activity-types': nothingMore,
  'note-types': nothingMore,
  templates: templateFaults,
  mappings: mappingFaults,
  numbering: numberingFaults,
  pipelines: pipelineFaults,
  sources: sourceFaults,
  roles: roleFaults,
  schemas: schemaFaults,
};

/**
 * What the schema of a kind cannot say: that the fields, roles, users, templates and other keys it names exist,
 * that expressions and filters can be read, that stages can be reached. Every fault at once; `value` has passed its schema.
 */
export function checkMeaning(kind: RevisionKind, value: ConfigValue, lookup: ConfigLookup): Fault[] {
  return meanings[kind](value, lookup);
}

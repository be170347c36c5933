import { comparedEntities } from '../../commands/duplicates/follow.ts';
import { mergeRecords } from '../../commands/duplicates/mergeRecords.ts';
import { splitRecords } from '../../commands/duplicates/splitRecords.ts';
import { visibleRecord } from '../../commands/record-write.ts';
import { asText, optionalText } from '../input.ts';
import { text, textOrEmpty, type Act } from './act.ts';

/** Making one of two records, and two again. */
export const duplicateActs: readonly Act[] = [
  {
    name: 'merge',
    entities: comparedEntities,
    summary: { de: 'Mit einer Dublette zusammenführen', en: 'Merge with a duplicate' },
    body: {
      other: text,
      take: {
        type: 'array',
        items: text,
        maxItems: 200,
        description: 'Fields that get the value of the other; absent: those that are empty.',
      },
    },
    required: ['other'],
    perform: async (ctx, model, input) =>
      await mergeRecords(ctx, model, {
        id: input.id,
        other: asText(input['other'], '/other'),
        take: Array.isArray(input['take']) ? input['take'].map((name) => asText(name, '/take')) : undefined,
      }),
  },
  {
    name: 'split',
    entities: comparedEntities,
    summary: { de: 'Zusammengeführte wieder trennen', en: 'Split what was merged' },
    body: { other: textOrEmpty },
    perform: async (ctx, model, input) => {
      const split = await splitRecords(ctx, model, { id: input.id, other: optionalText(input['other'], '/other') });
      const { record, event, conflicts } = split;
      return { record, event, extra: { other: visibleRecord(ctx, model, split.other), conflicts } };
    },
  },
];

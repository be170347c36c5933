import { ActionIcon, Anchor, Button, Group, Radio, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconArrowLeft } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel, Field } from '../../../core/entity.ts';
import { useChoices } from '../../api/choices.ts';
import { useSession } from '../../api/queries.ts';
import type { DuplicatePair, RecordValue } from '../../api/types.ts';
import { addressOf } from '../../app/address.ts';
import { toWords } from '../../components/field/field-value.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { isEmptyValue, textOf } from '../../model/entities.ts';
import { formatInstant } from '../../model/format.ts';
import { usePairActs } from './pair-acts.ts';
import classes from './duplicates.module.css';

type Side = 0 | 1;

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** Facts of the system that help to decide, though nobody can choose them. */
const telling = new Set(['createdAt', 'state', 'stage']);

const shownFields = (model: EntityModel, [one, other]: DuplicatePair['records']): readonly Field[] =>
  [...model.fields.values()].filter(
    (field) =>
      !field.isHidden &&
      (!field.isSystem || telling.has(field.name)) &&
      !(isEmptyValue(one[field.name]) && isEmptyValue(other[field.name])),
  );

const sides: readonly Side[] = [0, 1];

interface RowProps {
  readonly field: Field;
  readonly records: DuplicatePair['records'];
  readonly words: (field: Field, record: RecordValue) => string;
  readonly chosen: Side;
  /** Absent where there is nothing to choose. */
  readonly onChoose: ((side: Side) => void) | undefined;
}

function FieldRow({ field, records, words, chosen, onChoose }: RowProps) {
  const { t } = useTranslation();
  const label = inLanguage(field.label);
  return (
    <tr>
      <th scope="row">{label}</th>
      {sides.map((side) => {
        const value = isEmptyValue(records[side][field.name]) ? t('duplicates.nothing') : words(field, records[side]);
        return (
          <td key={side}>
            {onChoose === undefined ? (
              value
            ) : (
              <Radio
                size="xs"
                name={`field-${field.name}`}
                label={value}
                aria-label={t('duplicates.choose', { field: label, value })}
                checked={chosen === side}
                onChange={() => onChoose(side)}
              />
            )}
          </td>
        );
      })}
    </tr>
  );
}

interface ComparisonProps {
  readonly pair: DuplicatePair;
  readonly model: EntityModel;
  readonly onClose: () => void;
}

/** Which value a field gets: the winner's, unless it has none. */
const usual = (records: DuplicatePair['records'], winner: Side, name: string): Side => {
  const other: Side = winner === 0 ? 1 : 0;
  return isEmptyValue(records[winner][name]) ? other : winner;
};

function Buttons({ pair, model, winner, take, onClose }: ComparisonProps & { winner: Side; take: readonly string[] }) {
  const { t } = useTranslation();
  const acts = usePairActs(model, pair);
  const leave = (done: Promise<boolean>): void => void done.then((isDone) => isDone && onClose());
  if (pair.state === 'merged') return <Button onClick={() => leave(acts.split())}>{t('duplicates.split')}</Button>;
  if (pair.state === 'distinct')
    return (
      <Button variant="default" onClick={() => leave(acts.settle(true))}>
        {t('duplicates.reopen')}
      </Button>
    );
  return (
    <>
      <Button onClick={() => leave(acts.merge(winner, take))}>{t('duplicates.merge')}</Button>
      <Button variant="default" onClick={() => leave(acts.settle(false))}>
        {t('duplicates.distinct')}
      </Button>
    </>
  );
}

/** Two records side by side: which one stays, and which value each field gets. */
export function Comparison({ pair, model, onClose }: ComparisonProps) {
  const { t } = useTranslation();
  const session = useSession();
  const choicesOf = useChoices(model);
  const { records } = pair;
  const [winner, setWinner] = useState<Side>(records[1]['state'] === 'converted' ? 1 : 0);
  const [chosen, setChosen] = useState<Readonly<Record<string, Side>>>({});
  const mayDecide = session.can[model.name]?.['merge'] !== false;
  const isOpen = pair.state === 'open' && mayDecide;
  const words = (field: Field, record: RecordValue): string =>
    toWords({ field, value: record[field.name], choices: choicesOf(field) });
  const sideOf = (name: string): Side => chosen[name] ?? usual(records, winner, name);
  const fields = shownFields(model, records);
  const take = fields
    .filter(({ isSystem, name }) => !isSystem && sideOf(name) !== winner)
    .filter(({ name }) => !isSame(records[0][name], records[1][name]))
    .map(({ name }) => name);
  const decided =
    pair.decidedAt === null
      ? undefined
      : t('duplicates.decided', { name: pair.decidedBy, at: formatInstant(pair.decidedAt, currentLanguage()) });
  return (
    <section className={`${classes['compare']} lw-scroll`} aria-label={t('duplicates.title')}>
      <Group gap="sm" wrap="nowrap">
        <ActionIcon size={30} aria-label={t('common.back')} onClick={onClose}>
          <IconArrowLeft size={18} />
        </ActionIcon>
        <Text fw={600}>
          {[t('duplicates.score', { score: pair.score }), ...pair.reasons.map((reason) => inLanguage(reason))].join(
            ' · ',
          )}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {decided ?? t('duplicates.lead')}
      </Text>
      <table className={classes['table']}>
        <thead>
          <tr>
            <th scope="col">{t('duplicates.field')}</th>
            {sides.map((side) => {
              const title = textOf(records[side], model.titleField) ?? '–';
              return (
                <th key={side} scope="col">
                  <Anchor component={Link} to={addressOf(model.name, records[side].id, model.plural)} size="sm">
                    {title}
                  </Anchor>
                  {isOpen && (
                    <Radio
                      mt={4}
                      size="xs"
                      name="winner"
                      label={t('duplicates.stays')}
                      aria-label={t('duplicates.choose', {
                        field: t('duplicates.stays'),
                        value: `${title} ${side + 1}`,
                      })}
                      checked={winner === side}
                      onChange={() => setWinner(side)}
                    />
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => {
            const isChoice = isOpen && !field.isSystem && !isSame(records[0][field.name], records[1][field.name]);
            return (
              <FieldRow
                key={field.name}
                field={field}
                records={records}
                words={words}
                chosen={sideOf(field.name)}
                onChoose={isChoice ? (side) => setChosen({ ...chosen, [field.name]: side }) : undefined}
              />
            );
          })}
        </tbody>
      </table>
      {mayDecide && (
        <Group gap="sm">
          <Buttons pair={pair} model={model} winner={winner} take={take} onClose={onClose} />
        </Group>
      )}
    </section>
  );
}

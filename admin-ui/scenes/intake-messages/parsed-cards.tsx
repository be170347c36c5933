import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { parsedQuery, useEntities } from '../../api/queries.ts';
import type { ParsedMessage } from '../../api/types.ts';
import { addressOf } from '../../app/address.ts';
import { Card } from '../../components/card.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { faultsOf } from '../../model/faults.ts';
import { formatInstant } from '../../model/format.ts';
import classes from './message-detail.module.css';

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function Pairs({ pairs }: { readonly pairs: readonly (readonly [string, unknown])[] }) {
  return (
    <dl className={classes['facts']}>
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{shown(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

const given = (values: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] =>
  Object.entries(values).filter(([, value]) => value !== null && value !== '');

/** What a notice only names: each thing with its facts, and the lead that it has become. */
function ToldCard({ tells }: { readonly tells: NonNullable<ParsedMessage['tells']> }) {
  const { t } = useTranslation();
  return (
    <Card title={t('intake.tells')}>
      {tells.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('intake.tellsNothing')}
        </Text>
      )}
      {tells.map(({ id, facts, isFetched, lead, leadName }) => (
        <div key={id}>
          {lead === null ? (
            <Text size="sm">{t(isFetched ? 'intake.tellsFetched' : 'intake.tellsWaiting', { id })}</Text>
          ) : (
            <Anchor component={Link} to={addressOf('lead', lead, 'leads')} size="sm">
              {leadName}
            </Anchor>
          )}
          <Pairs pairs={given(facts)} />
        </div>
      ))}
    </Card>
  );
}

/** The parsed form of a message beside its raw one, and what was tried with it. */
export function ParsedCards({ id, version }: { readonly id: string; readonly version: number }) {
  const { t } = useTranslation();
  const fields = useEntities().byName.get('lead')?.fields;
  const { data } = useQuery(parsedQuery(id, version));
  if (data === undefined) return undefined;
  const label = (name: string): string => {
    const field = fields?.get(name);
    return field === undefined ? name : inLanguage(field.label);
  };
  const rest = given(data.additional ?? {});
  return (
    <>
      {data.tells === null ? (
        <Card title={t('intake.parsed')} tone={data.issues.length === 0 ? 'plain' : 'bad'}>
          {data.values === null ? (
            <Text size="sm">{t('intake.parsedNothing')}</Text>
          ) : (
            <Pairs pairs={given(data.values).map(([name, value]) => [label(name), value] as const)} />
          )}
          {data.issues.map(({ path, message }) => (
            <Text key={`${path}${message}`} size="sm" c="var(--lw-bad)">
              {label(path.slice(1))}: {message}
            </Text>
          ))}
          {rest.length > 0 && (
            <>
              <Text size="xs" c="dimmed" mt={6}>
                {t('intake.parsedAdditional')}
              </Text>
              <Pairs pairs={rest} />
            </>
          )}
        </Card>
      ) : (
        <ToldCard tells={data.tells} />
      )}
      {data.attempts.length > 0 && (
        <Card title={t('intake.attemptsTitle')}>
          {data.attempts.map(({ at, actorName, state, errors }) => (
            <div key={at}>
              <Text size="sm">
                {[
                  formatInstant(at, currentLanguage()),
                  actorName,
                  state === null ? '' : t(`choice.intake-message.state.${state}`, { defaultValue: state }),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
              {faultsOf(errors).map(({ path, message }) => (
                <Text key={`${path}${message}`} size="xs" c="var(--lw-bad)">
                  {message}
                </Text>
              ))}
            </div>
          ))}
        </Card>
      )}
    </>
  );
}

import { useTranslation } from 'react-i18next';
import type { RecordValue } from '../../api/types.ts';
import { currentLanguage } from '../../i18n/index.ts';
import { formatNumber } from '../../model/format.ts';
import { countsOf, outcomeOf } from '../../model/imports.ts';
import classes from './imports.module.css';

interface CountsProps {
  readonly record: RecordValue;
  readonly outcome: string;
  readonly onChoose: (outcome: string) => void;
}

/** What became of the rows; each count shows its rows. */
export function Counts({ record, outcome, onChoose }: CountsProps) {
  const { t } = useTranslation();
  const language = currentLanguage();
  return (
    <ul className={classes['counts']} aria-label={t('imports.counts')}>
      {countsOf(record).map(({ name, count }) => (
        <li key={name}>
          <button
            type="button"
            className={classes['count']}
            data-tone={name === 'rejected' && count > 0 ? 'bad' : 'plain'}
            data-active={outcomeOf[name] === outcome}
            aria-pressed={outcomeOf[name] === outcome}
            onClick={() => onChoose(outcomeOf[name])}
          >
            <span className={classes['number']}>{formatNumber(count, language)}</span>
            <span>{t(`imports.count.${name}`)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

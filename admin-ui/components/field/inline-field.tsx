import { Anchor, Group, Text, UnstyledButton } from '@mantine/core';
import { useRef, useState, type FocusEvent, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Field } from '../../../core/entity.ts';
import type { Choice } from '../../api/choices.ts';
import { inLanguage } from '../../i18n/index.ts';
import classes from './field.module.css';
import { FieldInput } from './field-input.tsx';
import { FieldValue, toWords } from './field-value.tsx';

/** What saving one field may lead to: undefined = saved. */
export type SaveField = (name: string, value: unknown, base: unknown) => Promise<SaveFault | undefined>;

export interface SaveFault {
  readonly message: string;
  /** The value that somebody else has put there meanwhile. */
  readonly theirs?: { readonly value: unknown };
}

interface InlineFieldProps {
  readonly field: Field;
  readonly value: unknown;
  readonly choices: readonly Choice[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly isWritable: boolean;
  readonly onSave: SaveField;
  /** Where a reference leads. */
  readonly href?: string | undefined;
}

interface Draft {
  readonly value: unknown;
  /** The value that was there when editing began: what others write meanwhile is compared with it. */
  readonly base: unknown;
}

const isSame = (left: unknown, right: unknown): boolean =>
  JSON.stringify(left ?? null) === JSON.stringify(right ?? null);

function useDraft({ field, value, onSave }: InlineFieldProps) {
  const [draft, setDraft] = useState<Draft>();
  const [fault, setFault] = useState<SaveFault>();
  const isSaving = useRef(false);
  const stop = (): void => {
    setDraft(undefined);
    setFault(undefined);
  };
  const save = async (next: unknown, base: unknown): Promise<void> => {
    if (isSaving.current) return;
    if (isSame(next, base)) return stop();
    isSaving.current = true;
    const answer = await onSave(field.name, next, base);
    isSaving.current = false;
    if (answer === undefined) stop();
    else setFault(answer);
  };
  return {
    draft,
    fault,
    start: () => setDraft({ value, base: value }),
    change: (next: unknown) => setDraft((known) => ({ value: next, base: known === undefined ? value : known.base })),
    save,
    stop,
    rebase: (base: unknown) => setDraft((known) => (known === undefined ? known : { ...known, base })),
  };
}

/**
 * One field: shows its value, becomes an input on click, saves on Enter and on leaving it.
 * What others change meanwhile never overwrites what is being typed; it is shown below it.
 */
export function InlineField(props: InlineFieldProps) {
  const { field, value, choices, labels, isWritable, href } = props;
  const { t } = useTranslation();
  const { draft, fault, start, change, save, stop, rebase } = useDraft(props);
  const label = inLanguage(field.label);
  const words = (one: unknown): string =>
    toWords({ field, value: one, choices, ...(labels === undefined ? {} : { labels }) });

  const onKeyDown = (event: KeyboardEvent): void => {
    if (draft === undefined) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      stop();
    }
    const isPlainEnter = event.key === 'Enter' && (field.kind !== 'longText' || event.metaKey || event.ctrlKey);
    const isPicking = field.kind === 'choice' || field.kind === 'reference' || field.kind === 'list';
    if (isPlainEnter && !isPicking) void save(draft.value, draft.base);
  };
  const onBlur = (event: FocusEvent<HTMLDivElement>): void => {
    const isInside = event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget);
    if (draft !== undefined && fault === undefined && !isInside) void save(draft.value, draft.base);
  };
  const changed = draft !== undefined && !isSame(draft.base, value) ? { value } : fault?.theirs;

  if (draft === undefined) {
    return (
      <div className={classes['row']} data-field={field.name}>
        <span className={classes['label']}>{label}</span>
        <span className={classes['cell']}>
          {isWritable ? (
            <UnstyledButton
              className={classes['value']}
              onClick={start}
              aria-label={`${t('field.editLabel', { field: label })}: ${words(value)}`}
            >
              <FieldValue field={field} value={value} choices={choices} {...(labels === undefined ? {} : { labels })} />
            </UnstyledButton>
          ) : (
            <span className={classes['fixed']} title={t('field.readOnly')}>
              {href === undefined ? (
                <FieldValue
                  field={field}
                  value={value}
                  choices={choices}
                  {...(labels === undefined ? {} : { labels })}
                />
              ) : (
                <Anchor href={href} inherit>
                  {words(value)}
                </Anchor>
              )}
            </span>
          )}
        </span>
      </div>
    );
  }
  return (
    <div className={classes['row']} data-field={field.name} onBlur={onBlur}>
      <span className={classes['label']}>{label}</span>
      <div className={classes['cell']}>
        <FieldInput
          field={field}
          value={draft.value}
          choices={choices}
          ariaLabel={label}
          autoFocus
          error={fault?.message}
          onChange={change}
          onChosen={(next) => void save(next, draft.base)}
          onKeyDown={onKeyDown}
        />
        {changed !== undefined && (
          <output className={classes['conflict']}>
            <Text size="xs">{t('field.conflict', { value: words(changed.value) })}</Text>
            <Group gap="sm">
              <Anchor component="button" type="button" size="xs" onClick={stop}>
                {t('field.takeTheirs')}
              </Anchor>
              <Anchor
                component="button"
                type="button"
                size="xs"
                onClick={() => {
                  rebase(changed.value);
                  void save(draft.value, changed.value);
                }}
              >
                {t('field.keepMine')}
              </Anchor>
            </Group>
          </output>
        )}
      </div>
    </div>
  );
}

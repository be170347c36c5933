import { Kbd, Modal, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { IconSearch } from '@tabler/icons-react';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { searchQuery, useEntities } from '../api/queries.ts';
import { useFocusBack } from '../components/dialog.tsx';
import { inLanguage } from '../i18n/index.ts';
import { addressOf } from './address.ts';
import classes from './palette.module.css';
import { useAreas } from './sidebar.tsx';
import { useToggleLanguage, useToggleTheme } from './top-bar.tsx';

interface Entry {
  readonly key: string;
  readonly group: string;
  readonly label: string;
  readonly hint?: string;
  readonly run: () => void;
}

function useEntries(text: string, onKeys: () => void): readonly Entry[] {
  const { t } = useTranslation();
  const router = useRouter();
  const areas = useAreas();
  const entities = useEntities();
  const toggleTheme = useToggleTheme();
  const toggleLanguage = useToggleLanguage();
  const [query] = useDebouncedValue(text.trim(), 120);
  const hits = useQuery(searchQuery(query));
  const go = (href: string) => () => void router.navigate({ href });
  const found = (query.length > 1 ? (hits.data ?? []) : []).slice(0, 12).flatMap((hit): Entry[] => {
    const model = entities.byName.get(hit.entity);
    if (model === undefined) return [];
    const hint = [inLanguage(model.label), hit.subtitle].filter(Boolean).join(' · ');
    const run = go(addressOf(hit.entity, hit.id, model.plural));
    return [{ key: hit.id, group: t('palette.found'), label: hit.title, hint, run }];
  });
  const matches = (entry: Entry): boolean => entry.label.toLowerCase().includes(text.trim().toLowerCase());
  const fixed: readonly Entry[] = [
    ...areas.map((area) => ({ key: area.to, group: t('palette.go'), label: area.label, run: go(area.to) })),
    { key: 'new', group: t('palette.act'), label: t('palette.newLead'), run: go('/inbox?new=lead') },
    ...(areas.some((area) => area.to === '/imports')
      ? [{ key: 'import', group: t('palette.act'), label: t('palette.newImport'), run: go('/imports/new') }]
      : []),
    { key: 'theme', group: t('palette.act'), label: t('palette.toggleTheme'), run: toggleTheme },
    { key: 'language', group: t('palette.act'), label: t('palette.toggleLanguage'), run: () => void toggleLanguage() },
    { key: 'keys', group: t('palette.act'), label: t('palette.showKeys'), run: onKeys },
  ];
  return [...found, ...fixed.filter(matches)];
}

interface PaletteProps {
  readonly onClose: () => void;
  readonly onKeys: () => void;
}

/** Goes anywhere, finds any record, does what needs no record. */
export function Palette({ onClose, onKeys }: PaletteProps) {
  const { t } = useTranslation();
  useFocusBack();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const entries = useEntries(text, onKeys);
  const at = Math.min(chosen, entries.length - 1);
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen((at + step + entries.length) % Math.max(1, entries.length));
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      run(entries[at]);
    }
  };
  return (
    <Modal.Root
      opened
      onClose={onClose}
      yOffset="12vh"
      centered={false}
      size={600}
      padding={0}
      transitionProps={{ duration: 80 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={t('top.search')}>
        <Modal.Body>
          <TextInput
            data-autofocus
            size="md"
            variant="unstyled"
            px="md"
            py={4}
            leftSection={<IconSearch size={18} />}
            leftSectionWidth={32}
            placeholder={t('palette.placeholder')}
            aria-label={t('palette.placeholder')}
            role="combobox"
            aria-expanded
            aria-controls="palette-entries"
            aria-activedescendant={entries[at] === undefined ? undefined : `palette-${at}`}
            value={text}
            onKeyDown={onKeyDown}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setChosen(0);
            }}
          />
          <div
            id="palette-entries"
            role="listbox"
            aria-label={t('palette.found')}
            className={`${classes['entries']} lw-scroll`}
          >
            {entries.length === 0 && (
              <Text c="dimmed" p="md" size="sm">
                {t('palette.nothing', { text })}
              </Text>
            )}
            {entries.map((entry, index) => (
              <div
                key={entry.key}
                id={`palette-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                className={classes['entry']}
                ref={index === at ? (element) => element?.scrollIntoView({ block: 'nearest' }) : undefined}
                onMouseMove={() => setChosen(index)}
                onClick={() => run(entry)}
                onKeyDown={onKeyDown}
              >
                <span className="lw-truncate">{entry.label}</span>
                <span className={classes['hint']}>{entry.hint ?? entry.group}</span>
                {index === at && <Kbd size="xs">↵</Kbd>}
              </div>
            ))}
          </div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

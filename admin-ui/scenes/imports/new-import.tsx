import { Button, FileButton, Group, Loader, Select, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconFileSpreadsheet } from '@tabler/icons-react';
import { useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { toChoices } from '../../api/choices.ts';
import { uploadImport } from '../../api/imports.ts';
import { useConfig } from '../../api/queries.ts';
import { ProblemText, toProblem } from '../../app/acts.tsx';
import { Card } from '../../components/card.tsx';
import { Readable } from '../../components/readable.tsx';
import { PageHead } from '../settings/page-head.tsx';
import classes from './imports.module.css';

const route = getRouteApi('/app/imports/new');
const accepted = '.csv,.tsv,.txt,.xlsx,text/csv,text/tab-separated-values';

interface DropZoneProps {
  readonly isBusy: boolean;
  readonly onFile: (file: File) => void;
}

function DropZone({ isBusy, onFile }: DropZoneProps) {
  const { t } = useTranslation();
  const [isOver, setOver] = useState(false);
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined && !isBusy) onFile(file);
  };
  return (
    <div
      className={classes['drop']}
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <IconFileSpreadsheet size={32} stroke={1.4} aria-hidden />
      <Text size="sm">{t('imports.drop')}</Text>
      <FileButton accept={accepted} onChange={(file) => file !== null && onFile(file)}>
        {(props) => (
          <Button {...props} disabled={isBusy} leftSection={isBusy ? <Loader size={14} /> : undefined}>
            {isBusy ? t('imports.uploading') : t('imports.choose')}
          </Button>
        )}
      </FileButton>
      <Text size="xs" c="dimmed">
        {t('imports.kinds')}
      </Text>
    </div>
  );
}

function Upload() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { preset } = route.useSearch();
  const [text, setText] = useState('');
  const presets = toChoices(useConfig('mappings').filter(({ value }) => value['file'] !== undefined));
  const send = useMutation({
    mutationFn: async (content: Parameters<typeof uploadImport>[0]) =>
      await uploadImport(content, preset === undefined ? { draft: 'true' } : { preset }),
    onSuccess: async ({ id }) => await navigate({ to: '/imports/$id', params: { id } }),
  });
  return (
    <div className={`${classes['page']} lw-scroll`}>
      <PageHead title={t('imports.newTitle')} lead={t('imports.newLead')} />
      <Stack gap="md" maw={760}>
        {presets.length > 0 && (
          <Select
            label={t('imports.preset')}
            description={t(preset === undefined ? 'imports.presetNone' : 'imports.presetLead')}
            placeholder={t('imports.presetPlaceholder')}
            data={[...presets]}
            value={preset ?? null}
            clearable
            maw={420}
            onChange={(value) => void navigate({ to: '/imports/new', search: value === null ? {} : { preset: value } })}
          />
        )}
        <DropZone isBusy={send.isPending} onFile={(file) => send.mutate({ file })} />
        {send.isError && (
          <div role="alert">
            <Card title={t('error.title')} tone="bad">
              <ProblemText problem={toProblem(send.error)} />
            </Card>
          </div>
        )}
        <Textarea
          label={t('imports.paste')}
          description={t('imports.pasteLead')}
          autosize
          minRows={4}
          maxRows={14}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
        />
        <Group>
          <Button
            variant="default"
            disabled={text.trim() === ''}
            loading={send.isPending}
            onClick={() => send.mutate({ text })}
          >
            {t('imports.usePasted')}
          </Button>
        </Group>
      </Stack>
    </div>
  );
}

/** Brings a file or pasted text in as a draft; with a recurring import it runs at once. */
export function NewImport() {
  return (
    <Readable entity="import">
      <Upload />
    </Readable>
  );
}

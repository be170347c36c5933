import { Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { importQuery } from '../../api/imports.ts';
import { ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { Readable } from '../../components/readable.tsx';
import { textOf } from '../../model/entities.ts';
import { ImportState } from './import-state.tsx';
import classes from './imports.module.css';
import { RunView } from './run-view.tsx';
import { Wizard } from './wizard.tsx';

const route = getRouteApi('/app/imports/$id');

function OneImport() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const { step } = route.useSearch();
  const answer = useQuery(importQuery(id));
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  const record = answer.data.data;
  return (
    <div className={`${classes['page']} lw-scroll`}>
      <Group gap="md" mb="md" align="baseline">
        <Title order={1} className="lw-truncate" maw="100%">
          {textOf(record, 'fileName')}
        </Title>
        <ImportState record={record} />
        <Text component={Link} to="/imports" size="xs" c="dimmed">
          {t('imports.all')}
        </Text>
      </Group>
      {record['isDraft'] === true ? <Wizard record={record} step={step} /> : <RunView record={record} />}
    </div>
  );
}

/** One import: being prepared, under way or done. It can be left and come back to at any time. */
export function ImportPage() {
  return (
    <Readable entity="import">
      <OneImport />
    </Readable>
  );
}

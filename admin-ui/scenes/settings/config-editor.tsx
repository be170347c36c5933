import { Alert, Anchor, Button, Group, NavLink, Select, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../api/client.ts';
import {
  checkYaml,
  publishYaml,
  readConfigRevisions,
  readYaml,
  restoreConfig,
  type PublishedText,
} from '../../api/config.ts';
import type { LineDiff } from '../../../core/config/diff.ts';
import { stagesIn } from '../../api/choices.ts';
import { configQuery } from '../../api/queries.ts';
import type { Stage } from '../../api/types.ts';
import { ProblemText, showProblem, toProblem } from '../../app/acts.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyFace, ErrorFace, LoadingFace } from '../../components/faces.tsx';
import { currentLanguage, inLanguage } from '../../i18n/index.ts';
import { formatInstant } from '../../model/format.ts';
import { LeaveGuard } from './leave-guard.tsx';
import { OutdatedCard } from './outdated-card.tsx';
import { PageHead } from './page-head.tsx';
import classes from './settings.module.css';
import { goToLine, YamlArea } from './yaml-area.tsx';

const route = getRouteApi('/app/settings/$section');
const kinds = ['pipelines', 'calendars', 'templates', 'mappings', 'sources', 'roles', 'company', 'numbering'];

interface Name {
  readonly kind: string;
  readonly key: string;
}

type Checked = { readonly problem: Problem } | { readonly diff: LineDiff } | undefined;

/** The lines that differ, as in a patch. */
const toPatch = (diff: LineDiff): string =>
  diff.lines
    .filter((line) => line.change !== 'same')
    .map((line) => `${line.change === 'added' ? '+' : '-'} ${line.text}`)
    .join('\n');

function Result({
  checked,
  onGo,
}: {
  readonly checked: NonNullable<Checked>;
  readonly onGo: (line: number, column: number) => void;
}) {
  const { t } = useTranslation();
  if ('diff' in checked) {
    return (
      <Alert color="petrol" c="var(--mantine-color-text)" role="status">
        <Text size="sm">{t(toPatch(checked.diff) === '' ? 'config.noChange' : 'config.valid')}</Text>
        {toPatch(checked.diff) !== '' && <pre className={classes['code']}>{toPatch(checked.diff)}</pre>}
      </Alert>
    );
  }
  const { problem } = checked;
  const issues = problem.errors ?? [];
  if (issues.length === 0) {
    return (
      <Alert color="red" role="alert">
        <ProblemText problem={problem} />
      </Alert>
    );
  }
  return (
    <Alert color="red" role="alert" c="var(--mantine-color-text)" title={t('config.invalid', { count: issues.length })}>
      <Stack gap={4}>
        {issues.map((issue) => (
          <Text key={`${issue.line}${issue.path}${issue.message}`} size="sm">
            {issue.line !== undefined && (
              <Anchor
                component="button"
                type="button"
                size="sm"
                onClick={() => onGo(issue.line ?? 1, issue.column ?? 1)}
              >
                {t('config.position', { line: issue.line, column: issue.column ?? 1 })}
              </Anchor>
            )}{' '}
            {issue.message}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}

function Revisions({ name, onRestored }: { readonly name: Name; readonly onRestored: () => void }) {
  const { t } = useTranslation();
  const answer = useQuery({
    queryKey: ['config', name.kind, name.key, 'revisions'],
    queryFn: async () => await readConfigRevisions(name.kind, name.key),
  });
  const restore = async (revision: number): Promise<void> => {
    try {
      await restoreConfig(name, revision);
      notifications.show({ message: t('config.restored', { revision }) });
      onRestored();
    } catch (error) {
      showProblem(toProblem(error), t('error.title'));
    }
  };
  const revisions = (answer.data ?? []).toSorted((left, right) => right.revision - left.revision);
  return (
    <Card title={t('config.revisions')}>
      {revisions.map((one, index) => (
        <Group key={one.revision} justify="space-between" py={4} wrap="nowrap">
          <div>
            <Text size="sm">{t('config.revision', { revision: one.revision })}</Text>
            <Text size="xs" c="dimmed">
              {[
                formatInstant(one.createdAt ?? one.at ?? '', currentLanguage()),
                one.authorName ?? one.author,
                one.comment,
              ]
                .filter(Boolean)
                .join(' · ')}
            </Text>
          </div>
          {index > 0 && (
            <Button variant="subtle" size="compact-xs" onClick={() => void restore(one.revision)}>
              {t('config.restore')}
            </Button>
          )}
        </Group>
      ))}
    </Card>
  );
}

interface EditorProps {
  readonly name: Name;
  /** Stages of the published revision, where it is a pipeline. */
  readonly stages: readonly Stage[];
  /** The revision in force; a newer one may come while somebody writes. */
  readonly published: PublishedText;
  readonly onChanged: () => void;
}

function Editor({ name, stages, published, onChanged }: EditorProps) {
  const { t } = useTranslation();
  const [base, setBase] = useState(published);
  const [text, setText] = useState(published.yaml);
  const [checked, setChecked] = useState<Checked>();
  const isBehind = published.revision !== base.revision;
  const isChanged = text !== base.yaml;
  const take = (yaml: string): void => {
    setBase(published);
    setText(yaml);
    setChecked(undefined);
  };
  // Nothing of one's own to lose, or one's own text is the new one: the editor follows what is in force.
  if (isBehind && (!isChanged || text === published.yaml)) take(published.yaml);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      setChecked({ problem: toProblem(error) });
    }
  };
  const check = (): void => void attempt(async () => setChecked({ diff: await checkYaml(name, text) }));
  const publish = (): void =>
    void attempt(async () => {
      const revision = await publishYaml(name, { yaml: text, revision: base.revision });
      setChecked(undefined);
      notifications.show({ message: t('config.published', { revision }) });
      onChanged();
    });
  const label = t('config.editor', { key: name.key });
  const issues = checked !== undefined && 'problem' in checked ? (checked.problem.errors ?? []) : [];
  const go = (line: number, column: number): void =>
    goToLine(document.querySelector<HTMLTextAreaElement>(`textarea[aria-label="${CSS.escape(label)}"]`), line, column);
  return (
    <Stack gap="sm">
      {isBehind && (
        <Alert color="yellow" c="var(--mantine-color-text)" role="status">
          <Text size="sm">{t('config.behind', { revision: published.revision, base: base.revision })}</Text>
          <Group gap="sm" mt="sm">
            <Button variant="default" onClick={() => take(published.yaml)}>
              {t('config.takeTheirs')}
            </Button>
            <Button variant="subtle" color="gray" onClick={() => take(text)}>
              {t('config.keepMine')}
            </Button>
          </Group>
        </Alert>
      )}
      <YamlArea
        label={label}
        value={text}
        issues={issues}
        onChange={(next) => {
          setText(next);
          setChecked(undefined);
        }}
        onSave={check}
      />
      <Group gap="sm">
        <Button variant="default" onClick={check}>
          {t('config.check')}
        </Button>
        <Button disabled={!isChanged} onClick={publish}>
          {t('config.publish')}
        </Button>
        {isChanged && (
          <>
            <Button variant="subtle" color="gray" onClick={() => setText(base.yaml)}>
              {t('config.reset')}
            </Button>
            <Text size="xs" c="dimmed">
              {t('config.unsaved')}
            </Text>
          </>
        )}
      </Group>
      {isChanged && <LeaveGuard kind={name.kind} entry={name.key} />}
      {checked !== undefined && <Result checked={checked} onGo={go} />}
      {name.kind === 'pipelines' && <OutdatedCard pipeline={name.key} stages={stages} />}
      <Revisions name={name} onRestored={onChanged} />
    </Stack>
  );
}

function Loaded({ name, stages }: Pick<EditorProps, 'name' | 'stages'>) {
  const client = useQueryClient();
  const answer = useQuery({
    queryKey: ['config', name.kind, name.key, 'yaml'],
    queryFn: async () => await readYaml(name.kind, name.key),
  });
  if (answer.isError) return <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <LoadingFace />;
  return (
    <Editor
      name={name}
      stages={stages}
      published={answer.data}
      onChanged={() => void client.invalidateQueries({ queryKey: ['config', name.kind] })}
    />
  );
}

/** Processes and everything else that is written as YAML: check, publish, look back. */
export function ConfigEditor() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { kind: wanted, key } = route.useSearch();
  const kind = kinds.find((one) => one === wanted) ?? 'pipelines';
  const answer = useQuery(configQuery(kind));
  const items = answer.data ?? [];
  const chosen = items.find((item) => item.key === key) ?? items[0];
  return (
    <>
      <PageHead title={t('settings.pipelines')} lead={t('config.lead')}>
        <Select
          size="xs"
          w={180}
          aria-label={t('settings.pipelines')}
          allowDeselect={false}
          data={kinds.map((value) => ({ value, label: t(`config.kind.${value}`) }))}
          value={kind}
          onChange={(next) => void navigate({ to: '.', search: { kind: next ?? 'pipelines' } })}
        />
      </PageHead>
      {answer.isError && <ErrorFace error={answer.error} onRetry={() => void answer.refetch()} />}
      {answer.isSuccess && items.length === 0 && <EmptyFace text={t('config.empty')} />}
      {chosen !== undefined && (
        <div className={classes['split']}>
          <div>
            {items.map((item) => (
              <NavLink
                key={item.key}
                component="button"
                bdrs="sm"
                label={inLanguage(item.value.label) || item.key}
                description={t('config.revision', { revision: item.revision })}
                active={item.key === chosen.key}
                onClick={() => void navigate({ to: '.', search: { kind, key: item.key } })}
              />
            ))}
          </div>
          <Loaded key={`${kind}/${chosen.key}`} name={{ kind, key: chosen.key }} stages={stagesIn(chosen)} />
        </div>
      )}
    </>
  );
}

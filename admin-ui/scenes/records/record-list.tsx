import { Button, Select } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconDownload, IconPlus } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntityModel, Field } from '../../../core/entity.ts';
import { useChoices } from '../../api/choices.ts';
import { queryString } from '../../api/client.ts';
import { useEntities, useSession } from '../../api/queries.ts';
import { joinFilters } from '../../app/search.ts';
import { CreateDialog } from '../../components/create-dialog.tsx';
import { ForbiddenFace, NotFoundFace } from '../../components/faces.tsx';
import { FieldValue } from '../../components/field/field-value.tsx';
import { ListPane } from '../../components/list-pane.tsx';
import type { Column } from '../../components/record-table.tsx';
import { useListPage } from '../../components/use-list-page.ts';
import { inLanguage } from '../../i18n/index.ts';
import { listColumns } from '../../model/entities.ts';

const route = getRouteApi('/app/list/$plural');

const examples: Readonly<Record<string, string>> = {
  date: '>=1.3.2019&<1.4.2019',
  instant: 'heute-30..heute',
  money: '1000..5000',
  integer: '>10',
  decimal: '>=2,5',
  choice: 'offen|überfällig',
};

const widthOf = (field: Field, isTitle: boolean): string => {
  if (isTitle) return 'minmax(180px, 2.4fr)';
  if (field.kind === 'money' || field.kind === 'date' || field.kind === 'integer') return 'minmax(90px, 0.8fr)';
  return field.kind === 'instant' ? '132px' : 'minmax(100px, 1.2fr)';
};

const isNumber = (field: Field): boolean =>
  field.kind === 'money' || field.kind === 'integer' || field.kind === 'decimal';

/** Columns of any entity, from its schema. */
export function useSchemaColumns(model: EntityModel, labels: Readonly<Record<string, string>>): readonly Column[] {
  const choicesOf = useChoices(model);
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const listed = listColumns(model);
  const title = model.fields.get(model.titleField);
  const all =
    listed.some((field) => field.name === model.titleField) || title === undefined ? listed : [title, ...listed];
  const shown = isNarrow
    ? all
        .toSorted((left, right) => Number(right.name === model.titleField) - Number(left.name === model.titleField))
        .slice(0, 2)
    : all;
  return shown.map((field) => ({
    name: field.name,
    label: inLanguage(field.label),
    width: widthOf(field, field.name === model.titleField),
    isSortable: field.kind !== 'list' && field.kind !== 'json',
    isFilterable: field.kind !== 'json',
    isEnd: isNumber(field),
    ...(field.target === 'user' ? { suggestions: ['me', ...choicesOf(field).map(({ label }) => label)] } : {}),
    ...(examples[field.kind] === undefined ? {} : { example: examples[field.kind] ?? '' }),
    render: (record) => {
      const value = <FieldValue field={field} value={record[field.name]} choices={choicesOf(field)} labels={labels} />;
      return field.name === model.titleField ? <strong style={{ fontWeight: 540 }}>{value}</strong> : value;
    },
  }));
}

function EntityList({ model }: { readonly model: EntityModel }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate();
  const session = useSession();
  const [isCreating, setCreating] = useState(false);
  const references = listColumns(model)
    .filter((field) => field.kind === 'reference')
    .map((field) => field.name);
  const page = useListPage({
    entity: model.name,
    search,
    defaultSort: '-createdAt',
    ...(references.length === 0 ? {} : { expand: references.join(',') }),
  });
  const columns = useSchemaColumns(model, page.labels);
  const openRecord = (id: string | undefined): void => {
    if (id !== undefined) void navigate({ to: '/list/$plural/$id', params: { plural: model.plural, id } });
  };
  const mayCreate = session.can[model.name]?.['create'] === true && !model.isReadOnly;
  const create = { label: t('record.create', { entity: inLanguage(model.label) }), onClick: () => setCreating(true) };
  const csv = `/api/v1/${model.plural}.csv${queryString({ filter: joinFilters(search, page.view?.filter), sort: search.sort, q: search.q })}`;
  return (
    <>
      <ListPane
        page={{ ...page, open: openRecord }}
        columns={columns}
        title={inLanguage(model.pluralLabel)}
        rowHeight={44}
        emptyText={t('record.emptyList')}
        {...(mayCreate ? { emptyAction: create } : {})}
        actions={
          <>
            {page.views.length > 0 && (
              <Select
                size="xs"
                w={160}
                clearable
                aria-label={t('nav.views')}
                placeholder={t('nav.views')}
                data={page.views.map((view) => ({ value: view.key, label: view.label }))}
                value={search.view ?? null}
                onChange={(view) => page.set({ view: view ?? undefined })}
              />
            )}
            <Button
              component="a"
              href={csv}
              variant="subtle"
              color="gray"
              leftSection={<IconDownload size={15} />}
              visibleFrom="md"
            >
              CSV
            </Button>
            {mayCreate && (
              <Button leftSection={<IconPlus size={15} />} onClick={create.onClick}>
                {t('common.new')}
              </Button>
            )}
          </>
        }
      />
      {isCreating && (
        <CreateDialog
          entity={model.name}
          onClose={() => setCreating(false)}
          onCreated={(record) => openRecord(record.id)}
        />
      )}
    </>
  );
}

/** List of any entity, shipped or made by an admin. */
export function RecordList() {
  const { plural } = route.useParams();
  const model = useEntities().byPlural.get(plural);
  const session = useSession();
  if (model === undefined) return <NotFoundFace />;
  if (session.can[model.name]?.['read'] === false) return <ForbiddenFace />;
  return <EntityList key={plural} model={model} />;
}
